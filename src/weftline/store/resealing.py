"""Sealing what a table holds anew, with a tenant's newest data key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from weftline.store.errors import translated
from weftline.store.keyring import Connection, Keyring, TenantCipher

if TYPE_CHECKING:
    import asyncpg


async def reseal(
    connection: Connection,
    keyring: Keyring,
    tenant_id: UUID,
    limit: int,
    sql: Mapping[str, str],
    arguments: Callable[[TenantCipher, asyncpg.Record], Sequence[Any]],
) -> int:
    """Seal what was sealed with another key than the newest one.

    Args:
        connection: in a transaction.
        keyring: holds the keys.
        tenant_id: whose.
        limit: at most so many rows.
        sql: the queries ``sealed_with_others`` and ``reseal`` of the table.
        arguments: what ``reseal`` takes of a row, after the tenant.

    Returns:
        How many rows there were.

    Raises:
        WrongMasterKey, CannotOpen: one cannot be opened.
        StoreUnavailable: the database does not answer.
    """
    cipher = await keyring.cipher(connection, tenant_id)
    with translated():
        rows = await connection.fetch(sql["sealed_with_others"], tenant_id, cipher.version, limit)
        for row in rows:
            await connection.execute(sql["reseal"], tenant_id, *arguments(cipher, row))
    return len(rows)
