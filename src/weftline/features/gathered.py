"""Looking up together: things that are looked up by their keys are found by one statement for all who wait.

On a busy server requests wait for a connection, each to look up something else. Like starts that share a commit
(``weftline.features.executions.starter``), these share a statement: whoever comes while one is under way goes with the
next. An idle server looks at once. Nothing is kept: an answer is only given to those who came before its statement was
sent, so everybody sees at least what was committed when they asked.

A look is a task of its own, so that nobody's going away concerns anybody else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

MOST = 16
"""How many are looked up by one statement."""

AT_ONCE = 2
"""Looks for things of one kind in one place that are under way at the same time, so that a long one does not hold up
everybody."""

Place = TypeVar("Place", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Look(Generic[Key, Found]):
    """One look, for some of those who wait.

    Args:
        waiting: everybody who does.
    """

    def __init__(self, waiting: deque[tuple[Key, asyncio.Future[Found | None]]]) -> None:
        self._waiting = waiting
        self._asking: dict[Key, list[asyncio.Future[Found | None]]] = {}

    def begin(self) -> list[Key]:
        """What is looked up; to be asked for when the look's turn has come, right before the database is asked."""
        while self._waiting and len(self._asking) < MOST:
            key, answer = self._waiting.popleft()
            # somebody may have gone away
            if not answer.done():
                self._asking.setdefault(key, []).append(answer)
        return list(self._asking)

    def tell(self, key: Key, found: Found) -> None:
        """Answer those who asked for something, which none of them may change."""
        for answer in self._asking.pop(key, ()):
            if not answer.done():
                answer.set_result(found)

    def refuse(self, key: Key, error: Exception) -> None:
        """Tell those who asked for something why they do not get it."""
        for answer in self._asking.pop(key, ()):
            if not answer.done():
                answer.set_exception(error)

    def end(self) -> None:
        """What was not found is not there."""
        for answer in self._left():
            answer.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Nobody gets anything; where the look had not begun, nobody who waits for one."""
        if not self._asking:
            while self.begin():
                self.fail(error)
        for answer in self._left():
            if isinstance(error, Exception):
                answer.set_exception(error)
            else:
                answer.cancel()

    def _left(self) -> list[asyncio.Future[Found | None]]:
        asking, self._asking = self._asking, {}
        return [answer for answers in asking.values() for answer in answers if not answer.done()]


class _Party(Generic[Key, Found]):
    """Who waits for something in one place, and how many looks are under way there."""

    __slots__ = ("looks", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[tuple[Key, asyncio.Future[Found | None]]] = deque()
        self.looks = 0


class Gathered(Generic[Place, Key, Found]):
    """Things that are looked up by their keys.

    Args:
        look: looks in a place, such as a tenant; takes its connection before it begins the look, and tells what it
            finds as soon as it has.
    """

    def __init__(self, look: Callable[[Place, Look[Key, Found]], Awaitable[None]]) -> None:
        self._look = look
        self._parties: dict[Place, _Party[Key, Found]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, place: Place, key: Key) -> Found | None:
        """What is found in a place under a key; None where there is nothing.

        Raises:
            Exception: whatever the look raises.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found | None] = loop.create_future()
        party = self._parties.get(place)
        if party is None:
            party = self._parties[place] = _Party[Key, Found]()
        party.waiting.append((key, answer))
        if party.looks < AT_ONCE and party.looks < len(party.waiting):
            party.looks += 1
            task = loop.create_task(self._serve(place, party), name="look-up")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _serve(self, place: Place, party: _Party[Key, Found]) -> None:
        """Look for those who wait until nobody does."""
        try:
            while party.waiting:
                look = Look(party.waiting)
                try:
                    await self._look(place, look)
                except BaseException as error:
                    look.fail(error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    look.end()
        finally:
            party.looks -= 1
            if not party.looks and self._parties.get(place) is party:
                del self._parties[place]
