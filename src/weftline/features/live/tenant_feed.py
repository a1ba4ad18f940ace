"""One reader of a tenant's feed, for everybody in this process who follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from uuid import UUID

import structlog

from weftline.features.database import Database, driver
from weftline.features.live.errors import InvalidPositionGiven, PositionGone
from weftline.features.live.follower import Follower
from weftline.features.live.happenings import Happening, read_happenings
from weftline.features.live.topics import Key, Topic, keys_of
from weftline.store.errors import StoreError
from weftline.store.feed import InvalidPosition, Position, PositionExpired, changes, current_position

log = structlog.get_logger(__name__)


class TenantFeed:
    """Reads a tenant's feed while somebody follows it.

    Args:
        database: under the API's role.
        tenant_id: whose.
        interval: tells the seconds between two looks for what nobody told of.
    """

    def __init__(self, database: Database, tenant_id: UUID, interval: Callable[[], float]) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._interval = interval
        self._followers: dict[Key, set[Follower]] = {}
        self._position: Position | None = None
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_followed(self) -> bool:
        """Whether anybody follows it."""
        return bool(self._followers)

    @property
    def position(self) -> Position:
        """The position of a follower for whom nothing waits."""
        assert self._position is not None, "somebody has joined"
        return self._position

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    async def now(self) -> Position:
        """The position of who has seen everything."""
        async with self._database.transaction(self._tenant_id) as session:
            return await current_position(await driver(session))

    async def since(self, position: Position, follower: Follower) -> AsyncGenerator[tuple[list[Happening], Position]]:
        """What a follower has missed since a position; when that is through, it has joined.

        Raises:
            PositionGone: some of it is not kept any more.
            InvalidPositionGiven: the position is none.
        """
        is_complete = False
        while not is_complete:
            missed, position, is_complete = await self._read(position)
            yield _of_topic(missed, follower.topic), position
        async with self._lock:
            await self._advance()
            # the reader is beyond the position now, and stays where it is until the follower is there, too
            missed = await self._between(position, self.position)
            self._join(follower)
            position = self.position
        yield _of_topic(missed, follower.topic), position

    async def join(self, follower: Follower) -> None:
        """From now on the follower is offered what is committed."""
        async with self._lock:
            await self._advance()
            self._join(follower)

    def leave(self, follower: Follower) -> None:
        """A follower follows no more; it need not have joined."""
        key = follower.topic.key
        followers = self._followers.get(key)
        if followers is not None:
            followers.discard(follower)
            if not followers:
                del self._followers[key]

    def end(self, reason: Exception) -> None:
        """End everybody's following."""
        for followers in self._followers.values():
            for follower in followers:
                follower.end(reason)

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _join(self, follower: Follower) -> None:
        self._followers.setdefault(follower.topic.key, set()).add(follower)
        if self._task is None:
            self._task = asyncio.create_task(self._read_along(), name="live-feed")

    async def _read_along(self) -> None:
        """Read what is new until nobody follows any more."""
        try:
            while self._followers:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval()):
                        await self._wake.wait()
                self._wake.clear()
                try:
                    async with self._lock:
                        await self._advance()
                except StoreError as error:
                    # followers keep their place: the next look may find the database back
                    log.warning("could not read the feed", error=str(error))
        except Exception as error:
            log.exception("the feed cannot be read")
            self.end(error)
        finally:
            self._task = None

    async def _advance(self) -> None:
        if self._position is None or not self._followers:
            # what happened while nobody followed is for nobody
            self._position = await self.now()
            return
        is_complete = False
        while not is_complete:
            # from the reading of the position to the last offer nothing else runs
            happenings, self._position, is_complete = await self._read(self._position)
            for happening in happenings:
                for key in keys_of(happening):
                    for follower in self._followers.get(key, ()):
                        follower.offer(happening)

    async def _between(self, since: Position, until: Position) -> list[Happening]:
        position = Position(since.at, since.seen, until.seen, since.row, since.told)
        found: list[Happening] = []
        while position.until is not None:
            page, position, _ = await self._read(position)
            found += page
        return found

    async def _read(self, since: Position) -> tuple[list[Happening], Position, bool]:
        try:
            async with self._database.transaction(self._tenant_id) as session:
                found = await changes(await driver(session), since, [self._tenant_id])
                happenings = await read_happenings(session, found.entries)
        except PositionExpired:
            raise PositionGone from None
        except InvalidPosition:
            raise InvalidPositionGiven from None
        return happenings, found.position, found.is_complete


def _of_topic(happenings: list[Happening], topic: Topic) -> list[Happening]:
    key = topic.key
    return [each for each in happenings if key in keys_of(each) and topic.asks_for(each)]
