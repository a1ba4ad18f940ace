"""Notices of failure as people see them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.notifications import repository
from weftline.features.notifications.models import Notification


class NotificationService:
    """Reading notices of failure.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant_id: UUID, execution_id: UUID, window: Window) -> Sequence[Notification]:
        """An execution's notices; see ``repository.list_notifications``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_notifications(session, tenant_id, execution_id, window)
