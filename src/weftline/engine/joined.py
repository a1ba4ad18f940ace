"""Transactions that an action shares with its step's result."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import structlog

from weftline.engine.committer import Committer
from weftline.machine.stimulus import ActionCompleted
from weftline.store.connect import set_tenant
from weftline.store.errors import translated

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from weftline.engine.attempt import Attempt
    from weftline.engine.executor import Outcome

log = structlog.get_logger(__name__)

BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a connection that went away may raise. One that was cancelled in mid-query raises ``InternalClientError``."""


class JoinedTransaction:
    """One transaction for what an action writes and for the events that its result leads to.

    Args:
        pool: the worker's connections.
        committer: stores the events, here instead of in the next group commit.
        attempt: whose result it is.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], committer: Committer, attempt: Attempt) -> None:
        self._pool = pool
        self._committer = committer
        self._attempt = attempt
        self._proxy: PoolConnectionProxy[asyncpg.Record] | None = None

    @property
    def connection(self) -> asyncpg.Connection[asyncpg.Record]:
        """The connection that the action writes on."""
        assert self._proxy is not None
        return self._proxy  # type: ignore[return-value]  # the proxy forwards the whole interface

    async def begin(self) -> JoinedTransaction:
        """Open the transaction, bound to the step's tenant.

        Raises:
            StoreUnavailable: no connection can be had.
        """
        with translated():
            proxy = await self._pool.acquire()
        self._proxy = proxy
        try:
            with translated():
                await proxy.execute("BEGIN")
                await set_tenant(proxy, self._attempt.run.tenant.id)
        except BaseException:
            await self._give_back()
            raise
        return self

    @property
    def is_broken(self) -> bool:
        """Whether the connection went away, and the action's writes with it."""
        try:
            return self._proxy is None or self._proxy.is_closed()
        except asyncpg.InterfaceError:
            # the pool has taken it back, as it does when a connection ends
            return True

    async def conclude(self, outcome: Outcome) -> None:
        """Commit the action's writes with its result; where it failed, roll them back and report the failure."""
        if isinstance(outcome, ActionCompleted):
            assert self._proxy is not None
            if await self._committer.commit_joined(self._attempt, outcome, self._proxy):
                await self._give_back()
            else:
                await self.roll_back()
        else:
            await self.roll_back()
            self._committer.report(self._attempt, outcome)

    async def roll_back(self) -> None:
        """Undo the action's writes."""
        assert self._proxy is not None
        try:
            if not self.is_broken:
                await self._proxy.execute("ROLLBACK")
        except BROKEN as error:
            log.warning("rollback failed; the connection is dropped", error=str(error))
            with suppress(asyncpg.InterfaceError):  # the pool may have taken it back meanwhile
                self._proxy.terminate()
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        """Return the connection. One that broke is replaced by the pool, and must not take the lane along."""
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            try:
                await self._pool.release(proxy)
            except BROKEN as error:
                log.warning("a broken connection was returned", error=str(error))
