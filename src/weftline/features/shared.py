"""Reading together: whoever waits to ask the same is answered by one look at the database.

On a busy server requests wait for a connection, and among them many for the same: the first page of a list that
everybody looks at. Like starts that share a commit (``weftline.features.executions.starter``), these share a
statement. Nothing is kept: an answer is only shared with those who came before its statement was sent, so everybody
sees at least what was committed when they asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from fastapi import Request

from weftline.features.access.caller import Caller
from weftline.features.http.origin import current_origin

Answer = TypeVar("Answer")


class _LeaderGone(Exception):
    """Whoever asked for all was cancelled."""


def alone() -> None:
    """Nobody shares what is about to be read."""


def same_request(caller: Caller, request: Request) -> Hashable:
    """The key of a route's answer without parameters in its path: the same query by the same caller, from the same
    address, which policies may ask about.

    Callers that are signed in are kept with their tokens, so one stands for all requests with that token. It lives as
    long as whoever looks for the answer.
    """
    return id(caller), current_origin().address, request.scope["query_string"]


class Shared:
    """Answers that are found once for all who wait for the same."""

    def __init__(self) -> None:
        self._boarding: dict[Hashable, list[asyncio.Future[Any]]] = {}

    async def get(self, key: Hashable, find: Callable[[Callable[[], None]], Awaitable[Answer]]) -> Answer:
        """Find an answer, or share the one that somebody is about to look for.

        Args:
            key: all that the answer depends on besides the database: tenant, what is asked for, and, where it is shown
                as they may see it, the caller.
            find: finds it. It is handed a function that it calls when its turn has come, right before it asks the
                database: who comes later is not answered with it. Nobody may change what it gives.

        Raises:
            Exception: whatever ``find`` raises, to everybody who shares it.
        """
        while (others := self._boarding.get(key)) is not None:
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            others.append(answer)
            try:
                return await answer
            except _LeaderGone:
                # one of those who are left asks for them
                continue
        others = self._boarding[key] = []

        def depart() -> None:
            if self._boarding.get(key) is others:
                del self._boarding[key]

        try:
            found = await find(depart)
        except BaseException as error:
            depart()
            for each in others:
                if not each.done():
                    each.set_exception(error if isinstance(error, Exception) else _LeaderGone())
            raise
        assert self._boarding.get(key) is not others, "the answer is from before some have asked"
        for each in others:
            if not each.done():
                each.set_result(found)
        return found
