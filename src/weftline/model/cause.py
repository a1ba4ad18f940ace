"""The request that something goes back to, however late and wherever it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

REQUEST_ID, TRACEPARENT = "requestId", "traceparent"
"""Its fields in what is kept with an execution."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A request that was made of the platform.

    Attributes:
        request_id: the one that its answer carried.
        traceparent: of the caller's trace (W3C Trace Context), where it has one.
    """

    request_id: str
    traceparent: str | None = None

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Self | None:
        """The one that an execution's context tells of; None where it tells of none."""
        request_id = context.get(REQUEST_ID)
        return None if request_id is None else cls(request_id, context.get(TRACEPARENT))

    def to_context(self) -> dict[str, Any]:
        """What an execution's context tells of it; the inverse of :meth:`of`."""
        told = {REQUEST_ID: self.request_id}
        return told if self.traceparent is None else {**told, TRACEPARENT: self.traceparent}

    def headers(self) -> dict[str, str]:
        """What requests that it leads to carry. The trace goes on as it came: this platform adds no span to it."""
        sent = {"x-correlation-id": self.request_id}
        return sent if self.traceparent is None else {**sent, "traceparent": self.traceparent}

    def log_fields(self) -> dict[str, str]:
        """What lines of the log carry, as those of the request itself do."""
        fields = {"request_id": self.request_id}
        return fields if self.traceparent is None else {**fields, "trace_id": self.traceparent.split("-")[1]}
