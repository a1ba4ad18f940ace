"""Connections for reading, whose transactions are passed on from one reader to the next.

A transaction that sees one tenant's rows takes three messages to the server: one that begins it and binds it to the
tenant, the statement, and one that ends it. Under ``read committed`` a statement sees what is committed when it begins,
so it makes no difference to readers whether they share a transaction. Here whoever is done leaves theirs open for the
next reader of the same tenant; it ends when for a moment nobody comes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TypeAlias
from uuid import UUID

import asyncpg

from weftline.store.connect import PLAN_ANEW, PLAN_ONCE, binding
from weftline.store.errors import StoreUnavailable, translated

PATIENCE = 10.0
"""Seconds to wait for a connection."""

LINGER = 0.01
"""Seconds for which a transaction is left open for the next reader."""

TURNS = 200
"""How many readers share a transaction: it must end now and then, or nobody could change the tables."""

TURNS_WHILE_OTHERS_WAIT = 20
"""The same while other tenants' readers wait."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Reader = asyncio.Future["_Link"]


class _Link:
    """A connection.

    Attributes:
        connection: the driver's.
        binding: what its open transaction was begun with; empty where none is open.
        turns: how many have read in it.
        end: ends the transaction unless somebody comes.
    """

    __slots__ = ("binding", "connection", "end", "turns")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.binding = ""
        self.turns = 0
        self.end: asyncio.TimerHandle | None = None


class _Reading:
    """One reader's turn.

    A class, for this is part of almost every request, and a generator as a context takes several times as long.
    """

    __slots__ = ("_connections", "_link", "_wanted")

    def __init__(self, connections: ReadConnections, wanted: str) -> None:
        self._connections = connections
        self._wanted = wanted

    async def __aenter__(self) -> Connection:
        with translated():
            self._link = await self._connections.take(self._wanted)
        return self._link.connection

    async def __aexit__(self, _: type[BaseException] | None, error: BaseException | None, __: object) -> None:
        await self._connections.give_back(self._link, error)
        if error is not None:
            with translated():
                raise error


def _refuse(reader: Reader) -> None:
    if not reader.done():
        reader.set_exception(StoreUnavailable("every connection to the database is busy"))


class ReadConnections:
    """Connections for reading.

    Args:
        connect: makes one.
        size: so many at the most.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._links: set[_Link] = set()
        self._opening = 0
        self._idle: list[_Link] = []
        self._lingering: dict[str, list[_Link]] = {}
        self._waiting: OrderedDict[str, deque[Reader]] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()

    def reading(self, tenant_id: UUID, *, plan_anew: bool = False) -> AbstractAsyncContextManager[Connection]:
        """A connection that sees one tenant's rows only and changes nothing; each statement sees the latest.

        A statement's plan is kept, whatever its values: planning takes longer than finding something by its key does.

        Args:
            tenant_id: whose rows.
            plan_anew: statements are planned for their values; for those whose best index depends on them.

        Raises:
            StoreUnavailable: the database does not answer, or every connection is busy.
        """
        return _Reading(self, f"{binding(tenant_id)}; {PLAN_ANEW if plan_anew else PLAN_ONCE}")

    async def take(self, wanted: str) -> _Link:
        """A connection with a transaction that was begun so."""
        link = self._lingerer(wanted) or self._idler() or self._lingerer()
        if link is None and len(self._links) + self._opening < self._size:
            try:
                link = await self._open()
            except BaseException:
                self._replace_soon()
                raise
        if link is None:
            link = await self._wait(wanted)
        if link.binding != wanted or link.turns >= TURNS:
            await self._begin(link, wanted)
        link.turns += 1
        return link

    async def give_back(self, link: _Link, error: BaseException | None) -> None:
        """A reader is done, or failed."""
        if error is None:
            self._pass_on(link)
        elif isinstance(error, asyncio.CancelledError):
            self._drop(link)
        else:
            await self._give_up(link)

    async def close(self) -> None:
        """Close every connection."""
        links, self._links = self._links, set()
        for link in links:
            if link.end is not None:
                link.end.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)
        for link in links:
            with suppress(Exception):
                await link.connection.close(timeout=PATIENCE)

    async def _wait(self, wanted: str) -> _Link:
        loop = asyncio.get_running_loop()
        reader: Reader = loop.create_future()
        self._waiting.setdefault(wanted, deque()).append(reader)
        # cheaper than a timeout around it, and almost everybody waits where much is read
        end = loop.call_later(PATIENCE, _refuse, reader)
        try:
            return await reader
        except BaseException:
            self._forget(wanted, reader)
            raise
        finally:
            end.cancel()

    async def _open(self) -> _Link:
        self._opening += 1
        try:
            link = _Link(await self._connect())
        finally:
            self._opening -= 1
        self._links.add(link)
        return link

    async def _begin(self, link: _Link, wanted: str) -> None:
        """Begin a transaction, and end the one before."""
        before = "COMMIT; " if link.binding else ""
        link.binding, link.turns = wanted, 0
        try:
            await link.connection.execute(f"{before}BEGIN READ ONLY; {wanted}")
        except BaseException:
            self._drop(link)
            raise

    def _lingerer(self, wanted: str | None = None) -> _Link | None:
        """A connection with a transaction that nobody uses; None where there is none that still lives."""
        for name in (wanted,) if wanted is not None else tuple(self._lingering):
            while links := self._lingering.get(name):
                link = links.pop()
                if not links:
                    del self._lingering[name]
                if link.end is not None:
                    link.end.cancel()
                    link.end = None
                if not link.connection.is_closed():
                    return link
                self._links.discard(link)
        return None

    def _idler(self) -> _Link | None:
        while self._idle:
            link = self._idle.pop()
            if not link.connection.is_closed():
                return link
            self._links.discard(link)
        return None

    def _pass_on(self, link: _Link) -> None:
        """Hand a connection to whoever waits, or leave its transaction open for a moment."""
        if link not in self._links or link.connection.is_closed():
            self._drop(link)
            return
        own = link.binding
        others_wait = len(self._waiting) > (own in self._waiting)
        if own and link.turns < (TURNS_WHILE_OTHERS_WAIT if others_wait else TURNS) and self._hand_to(own, link):
            return
        for wanted in tuple(self._waiting):
            if self._hand_to(wanted, link):
                # the others come first next time
                if wanted in self._waiting:
                    self._waiting.move_to_end(wanted)
                return
        if not own:
            self._idle.append(link)
            return
        self._lingering.setdefault(own, []).append(link)
        link.end = asyncio.get_running_loop().call_later(LINGER, self._end_soon, link)

    def _hand_to(self, wanted: str, link: _Link) -> bool:
        queue = self._waiting.get(wanted)
        while queue:
            reader = queue.popleft()
            if not queue:
                del self._waiting[wanted]
            if not reader.done():
                reader.set_result(link)
                return True
        return False

    def _forget(self, wanted: str, reader: Reader) -> None:
        """Somebody does not wait any longer; what was handed to them meanwhile goes to the next."""
        if reader.done() and not reader.cancelled() and reader.exception() is None:
            self._pass_on(reader.result())
            return
        queue = self._waiting.get(wanted)
        if queue is not None and reader in queue:
            queue.remove(reader)
            if not queue:
                del self._waiting[wanted]

    def _end_soon(self, link: _Link) -> None:
        """End a transaction that nobody has come for."""
        link.end = None
        links = self._lingering[link.binding]
        links.remove(link)
        if not links:
            del self._lingering[link.binding]
        task = asyncio.get_running_loop().create_task(self._end(link), name="end-reading")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, link: _Link) -> None:
        try:
            await link.connection.execute("COMMIT")
        except Exception:
            # whatever it is: the driver itself loses its way where the server goes in the middle of something
            self._drop(link)
            return
        link.binding = ""
        self._pass_on(link)

    async def _give_up(self, link: _Link) -> None:
        """A reader failed, and with it perhaps the transaction."""
        try:
            await link.connection.execute("ROLLBACK")
        except Exception:
            # whatever it is: the driver itself loses its way where the server goes in the middle of something
            self._drop(link)
            return
        except BaseException:
            self._drop(link)
            raise
        link.binding = ""
        self._pass_on(link)

    def _drop(self, link: _Link) -> None:
        """A connection that is of no more use; whoever waits gets another."""
        self._links.discard(link)
        if not link.connection.is_closed():
            link.connection.terminate()
        self._replace_soon()

    def _replace_soon(self) -> None:
        """See that nobody waits for a connection that will never be there."""
        if self._waiting:
            task = asyncio.get_running_loop().create_task(self._replace(), name="replace-reading")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _replace(self) -> None:
        """Open a connection for whoever waits; where that fails, so does their reading."""
        if len(self._links) + self._opening >= self._size:
            return
        try:
            self._pass_on(await self._open())
        except Exception as error:
            for queue in self._waiting.values():
                for reader in queue:
                    if not reader.done():
                        reader.set_exception(StoreUnavailable(str(error)))
            self._waiting.clear()
