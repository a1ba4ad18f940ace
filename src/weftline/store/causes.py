"""The requests that executions go back to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from weftline.model.cause import Cause
from weftline.store.errors import translated
from weftline.store.queries import queries
from weftline.store.sealing import is_sealed, seal_of

if TYPE_CHECKING:
    from weftline.store.keyring import Connection


async def cause_of(connection: Connection, tenant_id: UUID, execution_id: UUID) -> Cause | None:
    """The request that an execution goes back to; None where it goes back to none.

    Args:
        connection: that sees the tenant's executions, with its keys.
        tenant_id, execution_id: which execution.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: it is encrypted, and cannot be opened.
    """
    with translated():
        text: str | bytes | None = await connection.fetchval(queries("executions")["context"], tenant_id, execution_id)
    if text is None:
        return None
    if isinstance(text, str) and is_sealed(text):
        text = (await seal_of(connection, tenant_id, execution_id)).open(text, "context")
    return Cause.of(orjson.loads(text))
