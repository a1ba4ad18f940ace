"""What a step can ask about whoever started its execution, and what it leaves beside its result.

Made when an action first asks: one that never does pays nothing for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,127}")

MAX_NAMES = 100
"""Metrics that one step may keep."""

MAX_AUDIT = 100
"""Entries that one step may leave in the audit log."""


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """The web request within which an execution was started.

    Attributes:
        method: of HTTP.
        path: without the query.
        headers: by lower-case name; those that carry credentials are never kept.
        client: the address that it came from.
        query: parameters by name.
    """

    method: str = ""
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    client: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RequestInfo:
        """The inverse of :meth:`to_json`."""
        return cls(
            data.get("method", ""),
            data.get("path", ""),
            data.get("headers", {}),
            data.get("client"),
            data.get("query", {}),
        )

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        out: dict[str, Any] = {"method": self.method, "path": self.path}
        for name, value in (("headers", self.headers), ("client", self.client), ("query", self.query)):
            if value:
                out[name] = dict(value) if isinstance(value, Mapping) else value
        return out


@dataclass(frozen=True, slots=True)
class AuditNote:
    """An entry for the tenant's audit log.

    Attributes:
        action: what was done, like ``user.registered``.
        resource: the kind of thing that it was done to.
        resource_id: which.
        details: anything that helps, JSON.
    """

    action: str
    resource: str | None = None
    resource_id: str | None = None
    details: Mapping[str, Any] | None = None


class Metrics:
    """What a step counts and measures. Kept in the log with its result."""

    __slots__ = ("_counters", "_observed")

    def __init__(self) -> None:
        self._counters: dict[str, float] = {}
        self._observed: dict[str, dict[str, float]] = {}

    def increment(self, name: str, amount: float = 1) -> None:
        """Count something, like ``cache.hits``.

        Raises:
            ValueError: it is no name, no number, or one name too many.
        """
        self._check(name, amount)
        self._counters[name] = self._counters.get(name, 0) + amount

    def observe(self, name: str, value: float) -> None:
        """Measure something, like ``response.seconds``; count, sum, least and greatest are kept.

        Raises:
            ValueError: as above.
        """
        self._check(name, value)
        known = self._observed.get(name)
        if known is None:
            self._observed[name] = {"count": 1, "sum": value, "min": value, "max": value}
        else:
            known["count"] += 1
            known["sum"] += value
            known["min"] = min(known["min"], value)
            known["max"] = max(known["max"], value)

    @contextmanager
    def timed(self, name: str) -> Generator[None]:
        """Measure how many seconds the block takes."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.observe(name, perf_counter() - begun)

    def to_json(self) -> dict[str, Any]:
        """The stored form: a number for what was counted, an object for what was measured."""
        return {**self._counters, **self._observed}

    def _check(self, name: str, value: float) -> None:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"'{name}' is no name of a metric: a letter, then letters, digits, '_', '.', ':' and '-'")
        if not math.isfinite(value):
            raise ValueError(f"metric '{name}': {value} is no number")
        is_new = name not in self._counters and name not in self._observed
        if is_new and len(self._counters) + len(self._observed) >= MAX_NAMES:
            raise ValueError(f"a step keeps at most {MAX_NAMES} metrics")


class Surroundings:
    """What belongs to a step beside its input and its result.

    Args:
        context: what was said when the execution was started; see ``docs/guides/workflows-in-code.md``.
        started_by: id of whoever started it, as the platform knows them.

    Attributes:
        request: the web request, where it came from one.
        user_id: on whose behalf it runs: as whoever started it said, else whoever started it.
        user_role, user_permissions: what whoever started it said of them.
        metadata: what whoever started it wants kept with it.
        cross_tenant_access: it is one of several executions, one in each of several tenants.
        metrics: what the step counts and measures.
        audit_trail: the audit entries that it has left so far.
    """

    __slots__ = (
        "audit_trail",
        "cross_tenant_access",
        "metadata",
        "metrics",
        "request",
        "user_id",
        "user_permissions",
        "user_role",
    )

    def __init__(self, context: Mapping[str, Any], started_by: str | None) -> None:
        request, user = context.get("request"), context.get("user", {})
        self.request: RequestInfo | None = None if request is None else RequestInfo.from_json(request)
        self.user_id: str | None = user.get("id", started_by)
        self.user_role: str | None = user.get("role")
        self.user_permissions: tuple[str, ...] = tuple(user.get("permissions", ()))
        self.metadata: dict[str, Any] = context.get("metadata", {})
        self.cross_tenant_access: bool = context.get("crossTenant", False)
        self.metrics = Metrics()
        self.audit_trail: list[AuditNote] = []

    def audit(self, note: AuditNote) -> None:
        """Leave an entry for the audit log.

        Raises:
            ValueError: its action is no name, or it is one entry too many.
        """
        if _NAME.fullmatch(note.action) is None:
            raise ValueError(
                f"'{note.action}' is no name of an act: a letter, then letters, digits, '_', '.', ':', '-'"
            )
        if len(self.audit_trail) >= MAX_AUDIT:
            raise ValueError(f"a step leaves at most {MAX_AUDIT} audit entries")
        self.audit_trail.append(note)
