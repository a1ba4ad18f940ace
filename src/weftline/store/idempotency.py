"""Acts under an idempotency key: what is remembered of them, and that they took effect.

::

                        ┌── refused or failed, nothing changed ──> forgotten
    begin ── under way ─┤
                        └── a transaction commits ──> took effect ── finish ──> answered

That an act took effect is written in the very transaction that makes it so. Where a process dies between the act and
its answer, whoever asks again learns that it took effect; where it dies before, the act can be begun again. An act
that is taken for dead, because nobody renewed it, and is not, cannot take effect any more once it was begun again:
its transaction finds another attempt in its place, and is rolled back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from uuid import UUID, uuid4

import asyncpg

from weftline.store.errors import Superseded, translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"


class KeyId(NamedTuple):
    """An idempotency key, of one caller.

    Attributes:
        tenant_id: in which tenant.
        caller: who uses it.
        key: the key itself, 1 to 255 characters.
    """

    tenant_id: UUID
    caller: str
    key: str


class Act:
    """An act under an idempotency key, by the task that makes it.

    Attributes:
        id: the key.
        attempt: tells this act from others under the same key.
    """

    __slots__ = ("_task", "attempt", "id")

    def __init__(self, id: KeyId) -> None:
        self.id = id
        self.attempt = uuid4()
        self._task = asyncio.current_task()

    @property
    def is_mine(self) -> bool:
        """Whether the current task makes it; a task that it has started acts for others, too."""
        return asyncio.current_task() is self._task


class Remembered(NamedTuple):
    """What is remembered of a key.

    Attributes:
        request: what was asked for, sealed.
        answer: how it was answered, sealed; None where it was not.
        took_effect: something was changed.
        is_alive: it is under way.
    """

    request: bytes
    answer: bytes | None
    took_effect: bool
    is_alive: bool

    @property
    def is_void(self) -> bool:
        """Whether the act has ended without effect, so that it can be begun again."""
        return self.answer is None and not self.took_effect and not self.is_alive


_current: ContextVar[Act | None] = ContextVar("act", default=None)


def set_act(act: Act | None) -> None:
    """From now on, the transactions of this task belong to an act; None: to none."""
    _current.set(act)


def has_act() -> bool:
    """Whether the current task makes an act under a key."""
    act = _current.get()
    return act is not None and act.is_mine


async def mark_act(connection: Connection, bound_to: UUID | None) -> None:
    """Remember, at the end of a transaction, that it makes the current act take effect; where there is no act, nothing.

    Args:
        connection: in the transaction.
        bound_to: the tenant that the transaction is bound to; None where its role sees every tenant.

    Raises:
        Superseded: the act was begun again meanwhile, by somebody else.
        StoreUnavailable: the database does not answer.
    """
    act = _current.get()
    if act is None or not act.is_mine:
        return
    with translated():
        elsewhere = bound_to if bound_to != act.id.tenant_id else None
        if elsewhere is not None:
            await connection.execute(_binding(act.id.tenant_id))
        if not await connection.fetchval(_SQL["mark"], *act.id, act.attempt):
            raise Superseded("the act was begun again under its idempotency key")
        if elsewhere is not None:
            # what closes the transaction is about its own tenant
            await connection.execute(_binding(elsewhere))


def _binding(tenant_id: UUID) -> str:
    return f"SET LOCAL app.current_tenant = '{UUID(str(tenant_id))}'"


async def look(connection: Connection, id: KeyId) -> Remembered | None:
    """What is remembered of a key; None where nothing is."""
    with translated():
        row = await connection.fetchrow(_SQL["look"], *id)
    return None if row is None else Remembered(*row)


async def begin(connection: Connection, act: Act, request: bytes, *, lease: float, keep: float) -> bool:
    """Begin an act where its key is new, has expired, or is void.

    Args:
        connection: in a transaction bound to the tenant.
        act: the act.
        request: what is asked for, sealed.
        lease: seconds for which it counts as under way; see :func:`renew`.
        keep: seconds for which it is remembered.

    Returns:
        False where another was quicker.
    """
    with translated():
        values = (*act.id, act.attempt, request, lease, keep)
        return await connection.fetchval(_SQL["begin"], *values) == act.attempt


async def finish(connection: Connection, act: Act, answer: bytes) -> None:
    """Remember the answer of an act that was granted."""
    with translated():
        await connection.execute(_SQL["finish"], *act.id, act.attempt, answer)


async def refuse(connection: Connection, act: Act, answer: bytes) -> None:
    """Remember the answer of an act that was refused where something has changed; forget the act where nothing has."""
    with translated():
        await connection.execute(_SQL["refuse"], *act.id, act.attempt, answer)
        await connection.execute(_SQL["forget"], *act.id, act.attempt)


async def give_up(connection: Connection, act: Act) -> None:
    """An act has ended without an answer: forget it where nothing has changed."""
    with translated():
        await connection.execute(_SQL["forget"], *act.id, act.attempt)
        await connection.execute(_SQL["end"], *act.id, act.attempt)


async def renew(connection: Connection, acts: Sequence[Act], lease: float) -> None:
    """Acts are still under way, for ``lease`` seconds more at least.

    Args:
        connection: under a role that sees every tenant.
        acts: which.
        lease: seconds.
    """
    with translated():
        columns = zip(*(act.id for act in acts), strict=True)
        await connection.execute(_SQL["renew"], [act.attempt for act in acts], lease, *map(list, columns))


async def remove_expired(connection: Connection, limit: int) -> int:
    """Forget keys that have expired.

    Args:
        connection: under a role that sees every tenant.
        limit: of how many at the most.

    Returns:
        How many there were.
    """
    with translated():
        status = await connection.execute(_SQL["remove_expired"], limit)
    return int(status.rpartition(" ")[2])


_SQL = queries("idempotency_keys")
