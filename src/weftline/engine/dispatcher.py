"""Carries out what executions have decided that concerns others: starts children, passes messages on, delivers events.

Each such thing is a row of ``dispatches``, written in the commit that decided it. The transaction that removes the row
is the one that carries it out, so it happens exactly once. Only one such transaction is under way in the whole
database: rows of one execution were committed in their order, are read in it, and so take effect in it. Kinds are
carried out one after the other, each in a transaction that locks executions by a single statement, in the order in
which they are always locked; a start comes before the messages to what it starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

import asyncpg
import structlog

from weftline.engine.children import Wanted, not_started
from weftline.engine.clock import Clock
from weftline.engine.deliveries import Deliveries, read
from weftline.engine.firing import Firings
from weftline.engine.loop import Loop
from weftline.engine.programs import Programs
from weftline.engine.traces import told
from weftline.model.errors import WorkflowError
from weftline.store.connect import limit_idleness
from weftline.store.dispatches import DispatchKind, add
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.hints import hint_work
from weftline.store.keyring import CannotOpen
from weftline.store.queries import queries
from weftline.store.sealing import NotReadable, is_sealed
from weftline.store.vault import WrongMasterKey

log = structlog.get_logger(__name__)

WAITING = queries("dispatches")["waiting"]
LOCK = queries("dispatches")["lock"]
TAKE = queries("dispatches")["take"]
REFUSE = queries("dispatches")["refuse"]

BATCH = 500
"""Dispatches looked at in one turn."""

ONE_BY_ONE = frozenset({DispatchKind.SLOT})
"""Kinds that lock what others lock in another order."""

TURN_SECONDS = 0.02
"""Pause while another worker carries dispatches out."""

Key = tuple[UUID, int]
"""Tenant and number of a dispatch."""


class _NotOurTurn(Exception):
    """Another worker carries dispatches out."""


class Dispatcher(Loop):
    """Every worker has one; an advisory lock lets them take turns.

    Args:
        pool: the worker's connections.
        clock: when what they concern is ready.
        programs: compiled versions.
        firings: starts what triggers start.
        reached: called with the executions that were started or got messages.
        interval: seconds between looks, where nothing was decided here.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        clock: Clock,
        programs: Programs,
        firings: Firings,
        reached: Callable[[Collection[UUID]], None],
        *,
        interval: float,
    ) -> None:
        super().__init__("dispatcher", interval)
        self._pool = pool
        self._reached = reached
        self._deliveries = Deliveries(programs, firings, clock)
        self._is_others_turn = False
        self._left: list[Key] = []

    def pause_seconds(self) -> float:
        """Until the next look; not for long where it was another worker's turn."""
        return TURN_SECONDS if self._is_others_turn else self.interval

    async def run_once(self) -> int:
        """Carry out what waits, as far as one look goes; returns how much that was."""
        self._is_others_turn = False
        self._left = []
        with translated():
            rows = await self._pool.fetch(WAITING, list(DispatchKind), BATCH)
        if not rows:
            return 0
        waiting: defaultdict[DispatchKind, list[Key]] = defaultdict(list)
        for row in rows:
            waiting[DispatchKind(row["kind"])].append((row["tenant_id"], row["id"]))
        reached: set[UUID] = set()
        try:
            for kind in DispatchKind:
                keys = waiting[kind]
                step = 1 if kind in ONE_BY_ONE else BATCH
                for first in range(0, len(keys), step):
                    reached |= await self._carry_out(kind, keys[first : first + step])
        except _NotOurTurn:
            self._is_others_turn = True
            return 0
        finally:
            if reached:
                self._reached(reached)
        if reached:
            with translated():
                await self._hint()
        if self._left:
            tenants = sorted({str(tenant_id) for tenant_id, _ in self._left})
            log.error("dispatches cannot be read without their tenants' keys", count=len(self._left), tenants=tenants)
        return len(rows) - len(self._left)

    async def _carry_out(self, kind: DispatchKind, keys: Sequence[Key]) -> set[UUID]:
        """Carry out dispatches of one kind, together; where that fails one by one, and set aside the one that fails."""
        try:
            with translated():
                return await self._try(kind, keys)
        except (StoreUnavailable, _NotOurTurn):
            raise
        except (NotReadable, WrongMasterKey):
            if len(keys) == 1:
                # it is not to blame, and is left to a worker that has the tenant's keys
                self._left.append(keys[0])
                return set()
        except Exception as error:
            if len(keys) == 1:
                return await self._refuse(kind, keys[0], error)
        reached: set[UUID] = set()
        for key in keys:
            reached |= await self._carry_out(kind, [key])
        return reached

    async def _try(self, kind: DispatchKind, keys: Sequence[Key]) -> set[UUID]:
        async with self._pool.acquire() as connection, connection.transaction():
            await limit_idleness(connection)
            if not await connection.fetchval(LOCK):
                raise _NotOurTurn
            taken = await connection.fetch(TAKE, *zip(*keys, strict=True))
            return await self._deliveries.carry_out(connection, kind, taken) if taken else set()

    async def _refuse(self, kind: DispatchKind, key: Key, error: Exception) -> set[UUID]:
        """Set aside what cannot be carried out; a parent learns that its child was not started."""
        tenant_id, number = key
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(REFUSE, tenant_id, number, type(error).__name__, str(error))
                if kind is DispatchKind.START_CHILD and row is not None and not isinstance(error, CannotOpen):
                    wanted = await read(connection, kind, row)
                    failure = WorkflowError("not_started", "the execution cannot be started", retryable=False)
                    await add(connection, [not_started(tenant_id, Wanted.from_row(wanted), failure)])
        trace = told(error, is_encrypted=row is not None and is_sealed(row["payload"]))
        log.error("a dispatch cannot be carried out", kind=kind, tenant_id=str(tenant_id), id=number, **trace)
        return set()

    async def _hint(self) -> None:
        async with self._pool.acquire() as connection:
            await hint_work(connection)
