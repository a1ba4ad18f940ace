"""Fires the timers of executions that this worker holds. (Those at rest are rows, woken by the claimer.)"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Protocol
from uuid import UUID

from weftline.engine.clock import Clock
from weftline.engine.loop import Loop
from weftline.engine.run import Run
from weftline.machine.stimulus import Stimulus, TimersDue

PRUNE_AT = 10_000
"""Entries beyond those in use after which the heap is cleaned."""


class Host(Protocol):
    """What the timers need of their worker."""

    def held(self, execution_id: UUID) -> Run | None:
        """The run in hand, if it is there and may go on."""
        ...

    def feed(self, run: Run, stimulus: Stimulus) -> None:
        """Let something happen to the run, and record what follows."""
        ...


class Timers(Loop):
    """A heap of the next timers of the runs in hand.

    Args:
        host: the worker.
        clock: says what is due.
    """

    def __init__(self, host: Host, clock: Clock, *, interval: float) -> None:
        super().__init__("timers", interval)
        self._host = host
        self._clock = clock
        self._heap: list[tuple[float, int, UUID]] = []
        self._number: Callable[[], int] = count().__next__
        self._prune_at = PRUNE_AT

    def watch(self, run: Run) -> None:
        """Fire the run's next timer, unless something else happens before."""
        due = run.state.next_due()
        if due is None or due == run.timer_due:
            return
        run.timer_due = due
        heapq.heappush(self._heap, (due, self._number(), run.id))
        if self._heap[0][2] == run.id:
            self.wake()
        elif len(self._heap) > self._prune_at:
            self._prune()

    def _prune(self) -> None:
        """Forget the timers of runs that are gone, which may lie far in the future."""
        self._heap = [entry for entry in self._heap if self._host.held(entry[2]) is not None]
        heapq.heapify(self._heap)
        self._prune_at = 2 * len(self._heap) + PRUNE_AT

    def pause_seconds(self) -> float:
        """Until the next timer."""
        if not self._heap:
            return self.interval
        return min(self.interval, max(0.0, self._heap[0][0] - self._clock.now()))

    async def run_once(self) -> int:
        """Fire what is due; returns how many runs that woke."""
        now = self._clock.now()
        fired = 0
        while self._heap and self._heap[0][0] <= now:
            run = self._host.held(heapq.heappop(self._heap)[2])
            if run is None:
                continue
            run.timer_due = None
            due = run.state.next_due()
            # an entry may be out of date: the timer was cancelled, or fired by way of another entry
            if due is not None and due <= now:
                self._host.feed(run, TimersDue())
                fired += 1
            else:
                self.watch(run)
        return fired
