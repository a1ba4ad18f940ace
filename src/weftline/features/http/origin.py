"""Where the current request comes from, for the audit log and for sessions."""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple

MAX_USER_AGENT = 256


class Origin(NamedTuple):
    """Where a request comes from.

    Attributes:
        request_id: its id.
        address: the client's address, where it came over a network.
        user_agent: what the client says it is, cut to 256 characters.
        traceparent: of the client's trace (W3C Trace Context), where it has one.
    """

    request_id: str | None = None
    address: str | None = None
    user_agent: str | None = None
    traceparent: str | None = None


NOWHERE = Origin()

_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current_origin() -> Origin:
    """Where the request comes from that is being answered."""
    return _current.get()


def set_origin(origin: Origin) -> None:
    """From now on, in this task and what it starts, requests come from there."""
    _current.set(origin)
