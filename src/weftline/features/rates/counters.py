"""Requests counted over the last minute, by a sliding window.

A minute has a count. What is left of a quota is the quota without this minute's count and without that part of the last
minute's count that still lies within the last 60 seconds, as if those requests had come evenly. So nobody gets twice
their quota at the turn of a minute, and a key takes two numbers, however often it is counted.

A look costs about a microsecond. Only two minutes are kept, so what is not asked for any more takes no room.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

WINDOW_SECONDS = 60

CAPACITY = 100_000
"""Keys of one minute that are told apart. Those that come later in it are counted together."""

Key = tuple[str, object]
"""What is counted: a name, and whose."""

_OTHERS: Key = ("others", None)


class Standing(NamedTuple):
    """How a key stands after it was counted.

    Attributes:
        is_within: the request is within the quota, and was counted.
        left: requests that may follow at once.
        seconds: until the minute ends; where the request was not within the quota, until the next one may come.
    """

    is_within: bool
    left: int
    seconds: int


@dataclass(slots=True)
class _Count:
    total: int = 0
    """Of all servers, as far as is known."""

    unshared: int = 0
    """Of these, what only this server knows."""


class Delta(NamedTuple):
    """What this server counted of a key since it was last asked.

    Attributes:
        key, minute: what, and in which minute (Unix time).
        times: how often.
    """

    key: Key
    minute: int
    times: int


class Counters:
    """Counts of this process.

    Args:
        clock: Unix time, seconds. Servers that share their counts need the same.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: dict[Key, _Count] = {}
        self._before: dict[Key, _Count] = {}

    def take(self, key: Key, quota: int) -> Standing:
        """Count a request, if it is within the quota.

        Args:
            key: what it is counted under.
            quota: requests in 60 seconds.
        """
        now = self._clock() / WINDOW_SECONDS
        minute = int(now)
        if minute != self._minute:
            self._turn(minute)
        passed = now - minute
        count = self._counts.get(key)
        if count is None:
            key, count = self._begin(key)
        before = self._before.get(key)
        earlier = 0 if before is None else before.total
        left = quota - count.total - earlier * (1 - passed)
        if left < 1:
            return Standing(False, 0, _wait(quota, count.total, earlier, passed))
        count.total += 1
        count.unshared += 1
        return Standing(True, int(left) - 1, ceil((1 - passed) * WINDOW_SECONDS))

    def unshared(self) -> list[Delta]:
        """What was counted since the last call."""
        minute = self._minute
        return [*_drained(self._before, minute - 1), *_drained(self._counts, minute)]

    def learn(self, key: Key, minute: int, total: int) -> None:
        """Take over what all servers together have counted.

        Args:
            key, minute: what, and in which minute.
            total: with all that :meth:`unshared` has handed out.
        """
        counts = {self._minute: self._counts, self._minute - 1: self._before}.get(minute)
        if counts is None:
            return
        count = counts.setdefault(key, _Count())
        count.total = total + count.unshared

    def give_back(self, deltas: list[Delta]) -> None:
        """What could not be shared is to be shared later."""
        for delta in deltas:
            counts = {self._minute: self._counts, self._minute - 1: self._before}.get(delta.minute)
            if counts is not None and (count := counts.get(delta.key)) is not None:
                count.unshared += delta.times

    def _turn(self, minute: int) -> None:
        self._before = self._counts if minute == self._minute + 1 else {}
        self._counts = {}
        self._minute = minute

    def _begin(self, key: Key) -> tuple[Key, _Count]:
        if len(self._counts) >= CAPACITY:
            key = _OTHERS
        return key, self._counts.setdefault(key, _Count())


def _wait(quota: int, current: int, earlier: int, passed: float) -> int:
    """Seconds until one request is within the quota again, if none is counted meanwhile."""
    if quota < 1:
        return WINDOW_SECONDS
    # what is being waited for leaves the window evenly: now the last minute's count, or in the next minute this one's
    leaving, staying, until = (earlier, current, 0.0) if current < quota else (current, 0, 1.0)
    free_at = until + 1 - (quota - 1 - staying) / leaving
    # to the next whole second, and past it where it is about the very moment
    return int((free_at - passed) * WINDOW_SECONDS + 0.001) + 1


def _drained(counts: dict[Key, _Count], minute: int) -> Iterator[Delta]:
    for key, count in counts.items():
        if count.unshared:
            yield Delta(key, minute, count.unshared)
            count.unshared = 0
