"""Writing to people whose connection has to be renewed: once, however many steps wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.permissions import ADMIN
from weftline.features.background import Background
from weftline.features.database import Database
from weftline.features.integrations.models import Connection
from weftline.features.mail.outbox import post
from weftline.features.tasks import members

POLL_SECONDS = 5.0
"""Between two looks for connections that were refused."""

BATCH = 50
"""Connections of one turn."""

PAGE = "/connections/"
"""Where people find a connection, before its id."""

NO_REASON = "its credentials were refused"


class RenewalNotices:
    """Tells the owners of connections whose credentials were refused.

    Args:
        database: under the workers' role, which sees every tenant's connections.
        access: tenants' rules.
        address: makes public addresses of paths.
    """

    def __init__(self, database: Database, access: members.Access, address: Callable[[str], str]) -> None:
        self._database = database
        self._access = access
        self._address = address
        self._loop = Background("renewal notices", POLL_SECONDS, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()

    async def run_once(self) -> int:
        """Tell of a bounded number of connections; returns of how many."""
        # scope: all tenants, because one loop serves them all; an index holds those to be told of
        due = (
            select(Connection)
            .where(Connection.status == "UNAUTHORIZED", Connection.told_at.is_(None))
            .order_by(Connection.tenant_id, Connection.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self._database.unbound() as session:
            found = (await session.scalars(due)).all()
            for connection in found:
                await self._tell(session, connection)
                connection.told_at = func.now()
        return len(found)

    async def _tell(self, session: AsyncSession, connection: Connection) -> None:
        rules = await self._access.rules(connection.tenant_id)
        if rules is None:
            return
        values = {
            "connection": connection.name,
            "integration": connection.integration,
            "tenant": rules.name,
            "reason": connection.status_detail or NO_REASON,
            "link": self._address(f"{PAGE}{connection.id}"),
        }
        for member in await _owners(session, rules, connection.owner_user_id, connection.created_by):
            await post(session, "connection_refused", member.email, {"name": member.name, **values})


async def _owners(
    session: AsyncSession, rules: members.TenantRules, owner: UUID | None, created_by: str
) -> Sequence[members.Member]:
    """Whose connection it is: the person's own, else whoever set it up, else the tenant's administrators."""
    found = await members.named(session, rules, [created_by if owner is None else str(owner)])
    return found or await members.named(session, rules, [ADMIN])
