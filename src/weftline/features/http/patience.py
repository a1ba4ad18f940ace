"""How long a request may take: what waits by intention says so, and gets that much more time."""

from __future__ import annotations

from contextvars import ContextVar


class Deadline:
    """When a request must be answered.

    Args:
        end: by the event loop's clock; infinite where nothing limits it.
    """

    __slots__ = ("end",)

    def __init__(self, end: float) -> None:
        self.end = end


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def set_deadline(deadline: Deadline | None) -> None:
    """From now on, this task answers a request that has this deadline; None: any time will do."""
    _current.set(deadline)


def allow(seconds: float) -> None:
    """Give the current request ``seconds`` more, where its time is limited."""
    deadline = _current.get()
    if deadline is not None:
        deadline.end += seconds
