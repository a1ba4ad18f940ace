"""When an execution's snapshot is worth writing.

A snapshot is written whole, and may be far larger than what happened since the last one: a loop that collects a hundred
thousand outputs would write them all again and again. So the next one is due when the log has grown by four times what
the last one takes. All snapshots but the last are then together no larger than a quarter of the log, and what has to be
folded on top of one is no larger than four times that one. A run that rests, and may do so for long, gets one sooner.
"""

from __future__ import annotations

SHORT_LOG = 100
"""Events of an ended run that never rested up to which it gets no snapshot: folding them takes less than storing it."""

EVERY = 1_000
"""Events after which a run that never rests gets a snapshot, so that taking it over stays cheap."""

SMALL = 65_536
"""Bytes up to which a snapshot is written at every rest: a look into the log would take longer."""

GROWTH = 4
"""How many times its last snapshot a run's log must have grown by before it gets another while it goes on."""

EVENT_BYTES = 200
"""What an event of unknown size is taken for."""


class Snapshots:
    """What is known of one run's last snapshot, and of its log since.

    Args:
        seq: number of the last event that the stored snapshot includes; 0: there is none.
        size: bytes of it.
        last: number of the last event in the log.
    """

    __slots__ = ("_events", "_grown", "_size", "seq")

    def __init__(self, seq: int, size: int, last: int) -> None:
        self.seq = seq
        self._size = size
        self._events = last - seq
        self._grown = self._events * EVENT_BYTES

    def grow(self, events: int, size: int) -> None:
        """The log grew by ``events`` of ``size`` bytes."""
        self._events += events
        self._grown += size

    @property
    def is_due(self) -> bool:
        """A run that goes on should get one."""
        return self._events >= EVERY and self._grown >= GROWTH * self._size

    @property
    def is_due_at_rest(self) -> bool:
        """A run that is let go, and has not ended, should get one."""
        return self._size <= SMALL or self._grown >= self._size

    @property
    def is_due_at_end(self) -> bool:
        """A run that has ended should get one."""
        return (self.seq > 0 or self._events > SHORT_LOG) and self.is_due_at_rest

    def taken(self, seq: int, size: int) -> None:
        """One was written, after event ``seq``."""
        self.seq = seq
        self._size = size
        self._events = self._grown = 0
