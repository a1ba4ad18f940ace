"""Following what happens: the hub of one process, through which every live connection is fed.

Each tenant that somebody follows has one reader, woken by the bus, or by the clock where that is silent. A follower
names the last position it has seen, or for the log of one execution the number of the last event, and misses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.access.errors import TenantMismatch
from weftline.features.access.gate import Gate
from weftline.features.database import Database
from weftline.features.live.errors import InvalidPositionGiven, Stopping
from weftline.features.live.execution_log import ExecutionLog
from weftline.features.live.follower import Follower
from weftline.features.live.happenings import Happening
from weftline.features.live.tenant_feed import TenantFeed
from weftline.features.live.topics import Topic
from weftline.features.live.viewing import Seen, Viewing
from weftline.store.bus import FEED, Beacon, Bus
from weftline.store.feed import InvalidPosition, Position

LOOK_SECONDS = 0.25
"""Between two looks for what nobody told of, where few tenants are followed."""

LOOKS_PER_SECOND = 50.0
"""At most so many for all tenants together."""

PATIENCE_SECONDS = 20.0
"""After which a follower hears that nothing has happened."""

RENEW_SECONDS = 10.0
"""Between two times at which it is asked whether who follows still may."""

Renew = Callable[[], Awaitable[Caller]]

_Pages = AsyncGenerator[tuple[list[Happening], str]]


@dataclass(frozen=True, slots=True)
class Batch:
    """What somebody sees at once.

    Attributes:
        seen: what happened, each with what hides the part that they may not see.
        position: to go on from; see :meth:`LiveHub.follow`.
    """

    seen: Seen
    position: str


class LiveHub:
    """Feeds those who follow.

    Args:
        database: under the API's role.
        gate: decides who may see what.
        bus: tells when feeds grow, and is told that somebody follows.

    Attributes:
        stopping: set once nobody may follow any more.
    """

    def __init__(self, database: Database, gate: Gate, bus: Bus) -> None:
        self._database = database
        self._viewing = Viewing(database, gate)
        self._feeds: dict[UUID, TenantFeed] = {}
        self._beacon = Beacon(bus, self._is_followed)
        self.stopping = asyncio.Event()
        self._streams = 0
        self._deserted = asyncio.Event()
        self._deserted.set()
        bus.listen(FEED, self._hear)

    async def follow(
        self,
        caller: Caller,
        topic: Topic,
        after: str | None = None,
        *,
        renew: Renew | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> AsyncGenerator[Batch]:
        """What happens of a topic that the caller may see, a batch at a time, until the iteration is ended.

        The first batch comes at once and is empty: what happens after its position is not missed.

        Args:
            caller: whose eyes it is for.
            topic: what to follow; that the caller may see the execution it names has been checked.
            after: the last position that was seen: of an execution's log the number of its last event. None: from now
                on.
            renew: asked now and then who the caller is by now; what it raises ends the following.
            patience: seconds after which an empty batch comes where nothing else does.

        Raises:
            InvalidPositionGiven, PositionGone: there is no going on from there.
            TenantMismatch: the caller has become somebody of another tenant.
            FellBehind, Stopping: following has ended; it can be begun again after the last position.
            ExecutionNotFound: there is no such execution.
            StoreError: the database cannot be used.
        """
        if self.stopping.is_set():
            raise Stopping
        pages = (self._in_feed if topic.execution_id is None else self._in_log)(caller, topic, after, patience)
        renew_at = time.monotonic() + RENEW_SECONDS
        async with aclosing(pages):
            async for happenings, position in pages:
                if renew is not None and time.monotonic() > renew_at:
                    renewed = await renew()
                    if renewed.tenant_id != caller.tenant_id:
                        # what is read is still of the first tenant, and must not be shown by rights in another
                        raise TenantMismatch
                    caller = renewed
                    renew_at = time.monotonic() + RENEW_SECONDS
                yield Batch(await self._viewing.seen(caller, happenings), position)

    @contextmanager
    def stream(self) -> Generator[None]:
        """Around the life of a connection over which somebody follows."""
        self._streams += 1
        self._deserted.clear()
        try:
            yield
        finally:
            self._streams -= 1
            if not self._streams:
                self._deserted.set()

    async def deserted(self) -> None:
        """Wait until every connection has said its last word."""
        await self._deserted.wait()

    def release(self) -> None:
        """End every following: the server is about to stop."""
        self.stopping.set()
        for feed in self._feeds.values():
            feed.end(Stopping())

    async def close(self) -> None:
        """The same, and stop reading."""
        self.release()
        await self._beacon.close()
        for feed in self._feeds.values():
            await feed.close()

    async def _in_feed(self, caller: Caller, topic: Topic, after: str | None, patience: float) -> _Pages:
        feed, follower, is_first = self._feed(caller.tenant_id), Follower(topic), True
        try:
            since = await feed.now() if after is None else Position.parse(after)
        except InvalidPosition:
            raise InvalidPositionGiven from None
        try:
            async for missed, position in feed.since(since, follower):
                if is_first:
                    # now it is known that there is a going on from there
                    yield [], str(since)
                    is_first = False
                if missed:
                    yield missed, str(position)
            self._joined()
            while True:
                taken = await follower.take(patience)
                yield taken, str(feed.position)
        finally:
            feed.leave(follower)

    async def _in_log(self, caller: Caller, topic: Topic, after: str | None, patience: float) -> _Pages:
        feed, follower = self._feed(caller.tenant_id), Follower(topic)
        assert topic.execution_id is not None
        log = ExecutionLog(self._database, caller.tenant_id, topic.execution_id)
        await log.begin(after)
        yield [], str(log.last)
        try:
            async for page in log.pages():
                if page:
                    yield page, str(log.last)
            # what is committed from here on comes through the reader; what was until here is in the log
            await feed.join(follower)
            self._joined()
            async for page in log.pages():
                if page:
                    yield page, str(log.last)
            while True:
                taken = log.unseen(await follower.take(patience))
                yield taken, str(log.last)
        finally:
            feed.leave(follower)

    def _feed(self, tenant_id: UUID) -> TenantFeed:
        feed = self._feeds.get(tenant_id)
        if feed is None:
            feed = self._feeds[tenant_id] = TenantFeed(self._database, tenant_id, self._interval)
        return feed

    def _interval(self) -> float:
        return max(LOOK_SECONDS, sum(feed.is_followed for feed in self._feeds.values()) / LOOKS_PER_SECOND)

    def _hear(self, message: str | None) -> None:
        if not message:
            for feed in self._feeds.values():
                feed.wake()
        elif (feed := self._feeds.get(UUID(message))) is not None:
            feed.wake()

    def _joined(self) -> None:
        """Let workers tell of growth while anybody follows.

        Raises:
            Stopping: the others were told before this one had joined.
        """
        if self.stopping.is_set():
            raise Stopping
        self._beacon.light()

    def _is_followed(self) -> bool:
        return any(feed.is_followed for feed in self._feeds.values())
