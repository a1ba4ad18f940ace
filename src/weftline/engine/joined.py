"""Transactions that an action shares with its step's result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import structlog

from weftline.engine.committer import Committer
from weftline.machine.stimulus import ActionCompleted
from weftline.store.connect import set_tenant
from weftline.store.errors import translated

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from weftline.engine.executor import Attempt, Outcome

log = structlog.get_logger(__name__)


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
        try:
            await proxy.execute("BEGIN")
            await set_tenant(proxy, self._attempt.run.tenant.id)
        except BaseException:
            await self._pool.release(proxy)
            raise
        self._proxy = proxy
        return self

    async def conclude(self, outcome: Outcome) -> None:
        """Commit the action's writes with its result; where it failed, roll them back and report the failure."""
        if isinstance(outcome, ActionCompleted):
            assert self._proxy is not None
            try:
                await self._committer.commit_joined(self._attempt, outcome, self._proxy)
            finally:
                await self._give_back()
        else:
            await self.roll_back()
            self._committer.report(self._attempt, outcome)

    async def roll_back(self) -> None:
        """Undo the action's writes."""
        assert self._proxy is not None
        try:
            if not self._proxy.is_closed():
                await self._proxy.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("rollback failed; the connection is dropped", error=str(error))
            self._proxy.terminate()
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            await self._pool.release(proxy)
