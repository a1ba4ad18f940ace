"""Reading and writing what tenants publish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import Membership, User
from weftline.features.integrations.models import Connection
from weftline.features.library.models import Publication, PublicationVersion, PublicTemplate, Review

# they are listed with their newest versions
_ID = SortKey("id", Publication.id, attribute="publication.id")
ORDER = Ordering(
    _ID,
    SortKey("name", Publication.name, attribute="publication.name"),
    SortKey("updatedAt", Publication.updated_at, datetime, attribute="publication.updated_at"),
    tie=_ID,
    default="id",
)
_NUMBER = SortKey("number", PublicationVersion.number, int)
VERSIONS = Ordering(_NUMBER, tie=_NUMBER, default="-number")


async def list_publications(session: AsyncSession, tenant_id: UUID, window: Window) -> Sequence[Publication]:
    """A part of a tenant's publications."""
    statement = window.of(select(Publication).where(Publication.tenant_id == tenant_id))
    return (await session.scalars(statement)).all()


async def get_publication(session: AsyncSession, tenant_id: UUID, id: str, *, lock: bool = False) -> Publication | None:
    """A tenant's publication, locked for this transaction where that is asked for."""
    statement = select(Publication).where(Publication.tenant_id == tenant_id, Publication.id == id)
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def count_publications(session: AsyncSession, tenant_id: UUID) -> int:
    """How many a tenant has, with those that it took back."""
    statement = select(func.count()).select_from(Publication).where(Publication.tenant_id == tenant_id)
    return (await session.scalars(statement)).one()


async def list_versions(
    session: AsyncSession, tenant_id: UUID, id: str, window: Window
) -> Sequence[PublicationVersion]:
    """A part of a publication's versions."""
    statement = select(PublicationVersion).where(
        PublicationVersion.tenant_id == tenant_id, PublicationVersion.publication_id == id
    )
    return (await session.scalars(window.of(statement))).all()


async def get_version(session: AsyncSession, tenant_id: UUID, id: str, number: int) -> PublicationVersion | None:
    """One version."""
    return await session.get(PublicationVersion, (tenant_id, id, number))


async def change_reviews(session: AsyncSession, tenant_id: UUID, id: str, before: Review, after: Review) -> None:
    """Let every version of a publication that stands in one way stand in another."""
    statement = update(PublicationVersion).where(
        PublicationVersion.tenant_id == tenant_id,
        PublicationVersion.publication_id == id,
        PublicationVersion.review == before,
    )
    await session.execute(statement.values(review=after))


async def take_back(session: AsyncSession, tenant_id: UUID, id: str) -> None:
    """Let nobody else see a publication any longer."""
    # whose rows these are, the database sees to: see the policy `own_taken_back`
    await session.execute(delete(PublicTemplate).where(PublicTemplate.id == id))
    await change_reviews(session, tenant_id, id, "APPROVED", "WITHDRAWN")
    await change_reviews(session, tenant_id, id, "PENDING", "WITHDRAWN")


async def integrations_by_connection(session: AsyncSession, tenant_id: UUID) -> dict[str, str]:
    """The integration of each of a tenant's connections, by name."""
    statement = select(Connection.name, Connection.integration).where(Connection.tenant_id == tenant_id)
    rows = await session.execute(statement)
    return {row.name: row.integration for row in rows}


async def addresses_of_members(session: AsyncSession, tenant_id: UUID) -> Sequence[str]:
    """The e-mail addresses of a tenant's members."""
    statement = (
        select(User.email).join(Membership, Membership.user_id == User.id).where(Membership.tenant_id == tenant_id)
    )
    return (await session.scalars(statement)).all()
