"""Connections to integrations as they are stored: their credentials stay sealed until somebody has to sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from weftline.store.errors import translated
from weftline.store.inbox import Message, MessageKind, send_all
from weftline.store.keyring import Connection, Keyring, TenantCipher
from weftline.store.queries import queries
from weftline.store.resealing import reseal

if TYPE_CHECKING:
    import asyncpg

WAKE_AT_ONCE = 1_000
"""Executions that are woken together, at most; the others look again by themselves."""


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """A connection at one moment.

    Attributes:
        id, integration, name, auth_type, config: see ``weftline.authoring.integrations.connection``.
        sealed: the credentials that its owner entered; None where there is nothing to enter.
        tokens: those that an authorization server gave; None where it gave none.
        token_expires_at: when the access token ends, Unix seconds; None: never.
        scopes: what was asked for.
        is_active: it may be used.
        status: ``READY``, ``UNTESTED``, ``UNAUTHORIZED`` or ``FAILING``.
        status_detail: why, for people.
        limits: see ``weftline.engine.limits``.
        breaker: where its circuit breaker stands.
    """

    id: UUID
    integration: str
    name: str
    auth_type: str
    config: Mapping[str, Any]
    sealed: bytes | None
    tokens: bytes | None
    token_expires_at: float | None
    scopes: tuple[str, ...]
    is_active: bool
    status: str
    status_detail: str | None
    limits: Mapping[str, Any]
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class Breaker:
    """Where a connection's circuit breaker stands, as all workers know it.

    Attributes:
        state: ``CLOSED``, ``OPEN``, or ``HALF_OPEN`` while one attempt tries.
        retry_at: when another attempt may try, Unix seconds; None where it is closed.
        resets: how often somebody closed it by hand.
        last_error: what opened it.
    """

    state: str = "CLOSED"
    retry_at: float | None = None
    resets: int = 0
    last_error: str | None = None


class Use(NamedTuple):
    """A use of a connection.

    Attributes:
        tenant_id, connection_id: which.
        at: when, Unix seconds.
        workflow_id: for which workflow.
        execution_id: by which of its executions; None: by a trigger of its.
    """

    tenant_id: UUID
    connection_id: UUID
    at: float
    workflow_id: str
    execution_id: UUID | None


def credentials_context(connection_id: UUID) -> str:
    """What a tenant's cipher is told that a connection's sealed credentials are."""
    return f"connection {connection_id}"


def tokens_context(connection_id: UUID) -> str:
    """What a tenant's cipher is told that a connection's sealed tokens are."""
    return f"tokens of connection {connection_id}"


def opened_credentials(cipher: TenantCipher, stored: StoredConnection) -> dict[str, Any]:
    """What the owner entered, and the tokens that an authorization server gave.

    Raises:
        CannotOpen: they were sealed under other keys.
    """
    credentials: dict[str, Any] = {}
    for sealed, context in (
        (stored.sealed, credentials_context(stored.id)),
        (stored.tokens, tokens_context(stored.id)),
    ):
        if sealed is not None:
            credentials |= orjson.loads(cipher.open(sealed, context))
    return credentials


async def find_connections(
    connection: Connection, tenant_id: UUID, integration: str | None, name: str | None, owner: UUID | None
) -> list[StoredConnection]:
    """The connection that a step means; several where it names none, and nothing says which is the usual one.

    Args:
        connection: to the database.
        tenant_id: whose.
        integration: whose connection it must be; None: any.
        name: of the connection; None: the tenant's usual one.
        owner: the person whose own connections come before the tenant's.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        if name is None:
            rows = await connection.fetch(_SQL["usual"], tenant_id, integration)
        else:
            rows = await connection.fetch(_SQL["named"], tenant_id, integration, name, owner)
    return [_stored(row) for row in rows]


async def load_connection(connection: Connection, tenant_id: UUID, connection_id: UUID) -> StoredConnection | None:
    """A connection as it is now, or None where it is gone.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        row = await connection.fetchrow(_SQL["load"], tenant_id, connection_id)
    return None if row is None else _stored(row)


async def connection_numbers(connection: Connection, tenants: Sequence[UUID]) -> dict[UUID, int]:
    """How often the connections of tenants have been changed."""
    with translated():
        rows = await connection.fetch(_SQL["numbers"], tenants)
    return {row["tenant_id"]: row["number"] for row in rows}


async def breakers(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Breaker]:
    """Where the circuit breakers of connections stand; nothing of those that never had anything to tell."""
    with translated():
        rows = await connection.fetch(_SQL["breakers"], ids)
    return {row["connection_id"]: _breaker(row) for row in rows}


async def open_breaker(
    connection: Connection, tenant_id: UUID, id: UUID, failures: int, now: float, retry_at: float, error: str
) -> None:
    """A connection's other side does not answer: nobody is to try before ``retry_at``, Unix seconds."""
    with translated():
        await connection.execute(_SQL["open_breaker"], tenant_id, id, failures, now, retry_at, error)


async def half_open_breaker(
    connection: Connection, tenant_id: UUID, id: UUID, now: float, retry_at: float
) -> Breaker | None:
    """Become the one who tries whether a connection works again; None where that is somebody else, or too early.

    Args:
        connection: to the database.
        tenant_id, id: the connection.
        now: Unix seconds.
        retry_at: when another may try, should this one never tell.
    """
    with translated():
        row = await connection.fetchrow(_SQL["half_open_breaker"], tenant_id, id, now, retry_at)
    return None if row is None else _breaker(row)


async def close_breaker(connection: Connection, tenant_id: UUID, id: UUID) -> None:
    """A connection works again."""
    with translated():
        await connection.execute(_SQL["close_breaker"], tenant_id, id)


async def take_turns(
    connection: Connection, tenant_id: UUID, id: UUID, now: float, interval: float, burst: float, count: int
) -> float:
    """Take turns under a connection's rate limit, which all workers share (the generic cell rate algorithm).

    Args:
        connection: to the database.
        tenant_id, id: the connection.
        now: Unix seconds.
        interval: seconds from one turn to the next.
        burst: seconds' worth of turns that may be taken at once.
        count: how many are wanted.

    Returns:
        0 where they are taken, else after how many seconds they can be.
    """
    with translated():
        taken = await connection.fetchval(
            _SQL["take_turns"], tenant_id, id, now, interval * count, max(burst, interval * count)
        )
        if taken is not None:
            return 0.0
        rate_at = await connection.fetchval(_SQL["rate_at"], tenant_id, id)
    return interval if rate_at is None else max(0.0, rate_at + interval * count - max(burst, interval * count) - now)


async def note_uses(connection: Connection, uses: Sequence[Use]) -> None:
    """Remember uses of connections, where they are the last ones.

    Args:
        connection: to the database.
        uses: one a connection.
    """
    with translated():
        await connection.execute(_SQL["note_uses"], *zip(*uses, strict=True))


async def begin_refresh(connection: Connection, tenant_id: UUID, id: UUID, seen: bytes | None, seconds: float) -> bool:
    """Become the one who gets new tokens.

    Args:
        connection: to the database.
        tenant_id, id: the connection.
        seen: the tokens that are to be replaced; where there are others by now, nobody has to.
        seconds: how long the others wait.

    Returns:
        Whether it is up to the caller.
    """
    with translated():
        return await connection.fetchval(_SQL["begin_refresh"], tenant_id, id, seen, seconds) is not None


async def end_refresh(connection: Connection, tenant_id: UUID, id: UUID) -> None:
    """There are no new tokens; somebody else may try."""
    with translated():
        await connection.execute(_SQL["end_refresh"], tenant_id, id)


async def store_tokens(
    connection: Connection, cipher: TenantCipher, tenant_id: UUID, id: UUID, seen: bytes | None, tokens: Any,
    expires_in: float | None,
) -> None:  # fmt: skip
    """Keep new tokens, unless somebody has renewed the connection meanwhile.

    Args:
        connection: to the database.
        cipher: the tenant's.
        tenant_id, id: the connection.
        seen: the tokens that they replace.
        tokens: JSON.
        expires_in: seconds; None: never.
    """
    sealed = cipher.seal(orjson.dumps(tokens), tokens_context(id))
    with translated():
        await connection.execute(_SQL["store_tokens"], tenant_id, id, seen, sealed, expires_in)


async def refuse_connection(connection: Connection, tenant_id: UUID, stored: StoredConnection, detail: str) -> None:
    """The credentials of a connection were refused: it is not used until somebody renews it. Nothing where they are
    others by now.
    """
    with translated():
        await connection.execute(
            _SQL["refuse"], tenant_id, stored.id, stored.sealed, stored.tokens, detail[:MAX_DETAIL]
        )


async def note_wait(connection: Connection, tenant_id: UUID, id: UUID, execution_id: UUID) -> None:
    """An execution waits until a connection can be used again."""
    with translated():
        await connection.execute(_SQL["note_wait"], tenant_id, id, execution_id)


async def wake_waiting(connection: Connection, tenant_id: UUID, id: UUID, now: float) -> int:
    """Let the executions and triggers that wait for a connection go on at once, in the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id, id: the connection.
        now: Unix seconds.

    Returns:
        How many executions were told, at most :data:`WAKE_AT_ONCE`.
    """
    with translated():
        rows = await connection.fetch(_SQL["take_waiting"], tenant_id, id, WAKE_AT_ONCE)
        await connection.execute(queries("integration_triggers")["wake"], tenant_id, id)
    payload = orjson.dumps({"connection": str(id)}).decode()
    messages = [Message(tenant_id, row["execution_id"], MessageKind.CONNECTION_RENEWED, payload) for row in rows]
    return len(await send_all(connection, messages, now)) if messages else 0


async def reseal_connections(connection: Connection, keyring: Keyring, tenant_id: UUID, limit: int) -> int:
    """Seal the credentials and tokens of a tenant's connections with its newest data key, where another one did.

    Args:
        connection: in a transaction.
        keyring: holds the keys.
        tenant_id: whose.
        limit: at most so many connections.

    Returns:
        How many there were.

    Raises:
        WrongMasterKey, CannotOpen: one cannot be opened.
        StoreUnavailable: the database does not answer.
    """

    def anew(cipher: TenantCipher, row: asyncpg.Record) -> Sequence[Any]:
        id, sealed, tokens = row["id"], row["sealed"], row["tokens"]
        return (
            *(id, sealed, tokens),
            None if sealed is None else cipher.sealed_anew(sealed, credentials_context(id)),
            None if tokens is None else cipher.sealed_anew(tokens, tokens_context(id)),
        )

    return await reseal(connection, keyring, tenant_id, limit, _SQL, anew)


def _stored(row: asyncpg.Record) -> StoredConnection:
    return StoredConnection(
        row["id"],
        row["integration"],
        row["name"],
        row["auth_type"],
        orjson.loads(row["config"]),
        row["sealed"],
        row["tokens"],
        row["token_expires_at"],
        tuple(row["scopes"]),
        row["is_active"],
        row["status"],
        row["status_detail"],
        orjson.loads(row["limits"]),
        _breaker(row),
    )


def _breaker(row: asyncpg.Record) -> Breaker:
    return Breaker(row["breaker"] or "CLOSED", row["retry_at"], row["resets"] or 0, row["last_error"])


MAX_DETAIL = 1_000
"""Characters of what is kept of a refusal."""

_SQL = queries("connections")
