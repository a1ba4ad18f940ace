"""Triggers that integrations offer: who looks at the other system for them now, how far they have come, and what they
have seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from weftline.language.trigger_rules import IntegrationRule
from weftline.model.errors import WorkflowError
from weftline.store.errors import translated
from weftline.store.queries import queries
from weftline.store.triggers import Connection, StoredTrigger

WINDOW_SECONDS = 86_400.0
"""How long the id of an event is remembered."""

MAX_ID = 255
"""Characters of an event's id that are kept for people; the whole of it counts."""

_PRUNED = 500
"""Old events that are forgotten at a time."""


class LostTrigger(Exception):
    """Somebody else looks for the trigger by now, or nobody is to: what was found is not for this holder to take."""


class Claimed(NamedTuple):
    """A trigger that one worker looks for.

    Attributes:
        trigger: it.
        kind: ``POLLING`` or ``EVENT``.
        holder: under which the worker has it.
        cursor: how far it has come; None at first.
        failures: looks in a row that came to nothing.
        is_suspended: its tenant rests.
    """

    trigger: StoredTrigger
    kind: str
    holder: UUID
    cursor: Any
    failures: int
    is_suspended: bool

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Tenant and id of the trigger."""
        return self.trigger.tenant_id, self.trigger.id


class Progress(NamedTuple):
    """How far a trigger has come.

    Attributes:
        next_at: when it is due again, or until when its holder has it, Unix seconds.
        received, duplicates, rejected: events that came, that were seen before, and that started nothing.
        cursor: JSON text; None: it stays as it is.
        is_let_go: the holder is done with it.
    """

    next_at: float
    received: int = 0
    duplicates: int = 0
    rejected: int = 0
    cursor: str | None = None
    is_let_go: bool = False


class Seen(NamedTuple):
    """What came of an event.

    Attributes:
        digest: which.
        execution_id: what it started; None where it started nothing.
        error: why not.
    """

    digest: bytes
    execution_id: UUID | None
    error: WorkflowError | None


def fingerprint(rule: IntegrationRule) -> bytes:
    """Of what a trigger looks at: the same for the same events, whichever version declares it."""
    what = [rule.integration, rule.trigger, rule.connection, dict(rule.config)]
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).digest()


def event_digest(id: str) -> bytes:
    """Under which an event is remembered."""
    return hashlib.sha256(b"event\0" + id.encode("utf-8", "surrogatepass")).digest()


async def claim(connection: Connection, kind: str, limit: int, seconds: float, now: float) -> list[Claimed]:
    """Take triggers that are due.

    Args:
        connection: a worker's.
        kind: ``POLLING`` or ``EVENT``.
        limit: at most so many.
        seconds: how long they are the worker's, unless it renews that.
        now: Unix seconds.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        rows = await connection.fetch(_SQL["claim"], now, kind, limit, seconds)
    return [
        Claimed(
            StoredTrigger.from_row(row),
            row["kind"],
            row["holder"],
            None if row["cursor"] is None else orjson.loads(row["cursor"]),
            row["failures"],
            row["is_suspended"],
        )
        for row in rows
    ]


async def renew(connection: Connection, held: Sequence[Claimed], until: float) -> dict[UUID, bool]:
    """Have triggers until then, Unix seconds; those that are still the worker's, and whether their tenants rest."""
    rows = [(*each.key, each.holder) for each in held]
    with translated():
        found = await connection.fetch(_SQL["renew"], until, *zip(*rows, strict=True))
    return {row["holder"]: row["is_suspended"] for row in found}


async def still_held(connection: Connection, claimed: Claimed) -> StoredTrigger:
    """The trigger as it is declared by now, locked until the caller's transaction ends.

    Raises:
        LostTrigger: it is not the holder's any more, or does not fire.
    """
    row = await connection.fetchrow(_SQL["held"], *claimed.key, claimed.holder)
    if row is None:
        raise LostTrigger
    return StoredTrigger.from_row(row)


async def remember(connection: Connection, key: tuple[UUID, UUID], ids: Mapping[bytes, str], now: float) -> set[bytes]:
    """Remember events, within the transaction that starts what they start.

    Args:
        connection: within a transaction that has locked the trigger.
        key: tenant and id of the trigger.
        ids: the events' ids by their digests.
        now: Unix seconds.

    Returns:
        Digests of those that were not seen before.
    """
    shown = [id.encode("utf-8", "replace").decode().replace("\0", "�")[:MAX_ID] for id in ids.values()]
    await connection.execute(_SQL["prune"], *key, now, _PRUNED)
    rows = await connection.fetch(_SQL["remember"], *key, now, WINDOW_SECONDS, list(ids), shown)
    return {row["digest"] for row in rows}


async def settle(connection: Connection, key: tuple[UUID, UUID], seen: Sequence[Seen]) -> None:
    """Note what came of events, within the transaction that remembers them."""
    if seen:
        rows = [(each.digest, each.execution_id, error_text(each.error)) for each in seen]
        await connection.execute(_SQL["settle"], *key, *zip(*rows, strict=True))


async def progress(connection: Connection, claimed: Claimed, made: Progress) -> None:
    """Note how far a trigger has come, within the transaction that starts what its events start.

    Raises:
        LostTrigger: somebody else has it by now; nothing of the transaction may stay.
    """
    is_held = await connection.fetchval(
        _SQL["progress"],
        *(*claimed.key, claimed.holder, made.is_let_go, made.next_at, made.cursor is not None, made.cursor),
        *(made.received, made.duplicates, made.rejected),
    )
    if not is_held:
        raise LostTrigger


async def fail(connection: Connection, claimed: Claimed, next_at: float, error: WorkflowError, now: float) -> None:
    """A look came to nothing. Nothing happens where somebody else has the trigger by now.

    Args:
        connection: a worker's.
        claimed: the trigger.
        next_at: when it is due again, Unix seconds.
        error: why.
        now: Unix seconds.
    """
    with translated():
        await connection.execute(
            _SQL["fail"], *claimed.key, claimed.holder, next_at, claimed.failures + 1, error_text(error), now
        )


async def hold(
    connection: Connection, claimed: Claimed, next_at: float, connection_id: UUID | None, error: WorkflowError
) -> None:
    """Somebody has to see to a connection first.

    Args:
        connection: a worker's.
        claimed: the trigger.
        next_at: when it is due, should nobody tell before, Unix seconds.
        connection_id: for which it waits.
        error: what hinders it.
    """
    with translated():
        await connection.execute(_SQL["hold"], *claimed.key, claimed.holder, next_at, connection_id, error_text(error))


async def let_go(connection: Connection, claimed: Claimed, next_at: float) -> None:
    """The worker looks for a trigger no longer; it is due then, Unix seconds."""
    with translated():
        await connection.execute(_SQL["let_go"], *claimed.key, claimed.holder, next_at)


async def shelve(connection: Connection, claimed: Claimed) -> None:
    """The trigger's tenant rests: nobody comes across it before it is active again."""
    with translated():
        await connection.execute(_SQL["shelve"], *claimed.key, claimed.holder)


def error_text(error: WorkflowError | None) -> str | None:
    """JSON text of an error, as it is stored; NUL characters, which PostgreSQL cannot store, are replaced."""
    if error is None:
        return None
    return orjson.dumps(error.to_json()).decode().replace("\\u0000", "�")


_SQL = queries("integration_triggers")
