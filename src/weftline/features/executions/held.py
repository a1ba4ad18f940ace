"""Letting go on what waits for a connection."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import driver
from weftline.store.connections import wake_waiting


async def wake_held(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> int:
    """Let the steps that wait for a connection go on, in the session's transaction; wake the workers after it.

    Args:
        session: bound to the tenant.
        tenant_id, connection_id: the connection, which can be used again.

    Returns:
        How many executions were told; those beyond a thousand look again by themselves.
    """
    return await wake_waiting(await driver(session), tenant_id, connection_id, time.time())
