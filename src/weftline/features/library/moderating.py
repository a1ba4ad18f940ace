"""Operators decide on what becomes public, and say what is featured and premium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.conditional import fingerprint, require_state
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.library.errors import SubmissionNotFound, TemplateExists, TemplateNotFound, WrongReview
from weftline.features.library.models import Publication, PublicationVersion, PublicTemplate, Review, TemplateFacts
from weftline.features.library.shelves import Shelves
from weftline.features.platform.reach import record_everywhere
from weftline.features.tenancy.models import Tenant

ORDER = Ordering(
    SortKey("submittedAt", PublicationVersion.published_at, datetime, attribute="version.published_at"),
    tie=SortKey("id", PublicationVersion.id, UUID, attribute="version.id"),
    default="submittedAt",
)


class Submission(NamedTuple):
    """A version that is, or was, to be public, and whose it is."""

    version: PublicationVersion
    tenant_id: UUID
    tenant_name: str


class Marks(NamedTuple):
    """What operators say of a template; None: as the template itself says."""

    id: str
    is_featured: bool | None = None
    is_premium: bool | None = None

    @property
    def state(self) -> str:
        """Tells apart what is said at different times."""
        return fingerprint(self.is_featured, self.is_premium)


class ModerationService:
    """Decides on submissions.

    Args:
        operators: the database, under the role of operators.
        shelves: knows the templates that everybody sees.
    """

    def __init__(self, operators: Database, shelves: Shelves) -> None:
        self._operators = operators
        self._shelves = shelves

    async def list(self, window: Window, statuses: Sequence[Review] = ()) -> Sequence[Submission]:
        """A part of what tenants have submitted.

        Args:
            window: which part.
            statuses: only what stands so; all where empty.
        """
        # scope: all tenants, because operators decide on what any of them submits
        statement = select(PublicationVersion, Tenant.id, Tenant.name).join(
            Tenant, Tenant.id == PublicationVersion.tenant_id
        )
        statement = statement.where(PublicationVersion.review != "NOT_NEEDED")
        if statuses:
            statement = statement.where(PublicationVersion.review.in_(statuses))
        async with self._operators.unbound() as session:
            return [Submission(*row) for row in await session.execute(window.of(statement))]

    async def get(self, id: UUID) -> Submission:
        """A submission.

        Raises:
            SubmissionNotFound: there is none of this id.
        """
        async with self._operators.unbound() as session:
            return await _existing(session, id)

    async def approve(self, id: UUID, note: str | None) -> Submission:
        """Let every tenant see a template, in place of an older version of it.

        Args:
            id: the submission's.
            note: something for those who submitted it.

        Raises:
            SubmissionNotFound: there is none of this id.
            WrongReview: it is not pending.
            TemplateExists: another public template has its id, or one that ships with Weftline.
        """
        async with self._operators.unbound() as session:
            found = await _locked(session, id, "PENDING")
            version = found.version
            public = await session.get(PublicTemplate, version.publication_id)
            foreign = public is not None and public.publisher_id != version.tenant_id
            if foreign or self._shelves.is_shipped(version.publication_id):
                raise TemplateExists(version.publication_id)
            values: Mapping[str, Any] = {
                "publisher_id": version.tenant_id,
                "version_id": version.id,
                "version": version.number,
                "author": version.author,
                "entry": version.entry,
                "approved_at": func.now(),
            }
            statement = insert(PublicTemplate).values(id=version.publication_id, **values)
            await session.execute(statement.on_conflict_do_update(index_elements=[PublicTemplate.id], set_=values))
            await _decide(session, found, "APPROVED", note, "library.approved")
            return found

    async def reject(self, id: UUID, note: str) -> Submission:
        """Refuse to let others see a template; its tenant keeps it.

        Args:
            id: the submission's.
            note: why, for those who submitted it.

        Raises:
            SubmissionNotFound, WrongReview: see :meth:`approve`.
        """
        async with self._operators.unbound() as session:
            found = await _locked(session, id, "PENDING")
            await _decide(session, found, "REJECTED", note, "library.rejected")
            return found

    async def withdraw(self, id: UUID, note: str) -> Submission:
        """Take a public template from everybody but its tenant. What was installed from it stays as it is.

        Args:
            id: the submission's.
            note: why, for those who submitted it.

        Raises:
            SubmissionNotFound: there is none of this id.
            WrongReview: it is not approved.
        """
        async with self._operators.unbound() as session:
            found = await _locked(session, id, "APPROVED")
            await session.execute(delete(PublicTemplate).where(PublicTemplate.version_id == id))
            await _decide(session, found, "WITHDRAWN", note, "library.withdrawn")
            return found

    async def marks(self, caller: Caller, template_id: str) -> Marks:
        """What is said of a template that everybody sees.

        Args:
            caller: who asks.
            template_id: which.

        Raises:
            TemplateNotFound: there is none of this id that everybody sees.
        """
        if not await self._shelves.is_for_everybody(caller.tenant_id, template_id):
            raise TemplateNotFound(template_id)
        async with self._operators.unbound() as session:
            return _marks(template_id, await session.get(TemplateFacts, template_id))

    async def mark(
        self, caller: Caller, template_id: str, wanted: Marks, *, reason: str, expected_etag: str | None = None
    ) -> Marks:
        """Say of a template that everybody sees whether it is featured, and whether it is premium.

        Args:
            caller: who says so.
            template_id: which.
            wanted: what is to be said.
            reason: why; it is recorded.
            expected_etag: only where what is said so far is in this state.

        Raises:
            TemplateNotFound: there is none of this id that everybody sees.
            PreconditionFailed: something else is said of it by now.
        """
        if not await self._shelves.is_for_everybody(caller.tenant_id, template_id):
            raise TemplateNotFound(template_id)
        async with self._operators.unbound() as session:
            await session.execute(insert(TemplateFacts).values(id=template_id).on_conflict_do_nothing())
            before = await session.get_one(TemplateFacts, template_id, with_for_update=True)
            told = _marks(template_id, before)
            require_state(expected_etag, told.state, f"What is said of the template '{template_id}'")
            before.is_featured, before.is_premium = wanted.is_featured, wanted.is_premium
            await session.flush()
            await record(
                session,
                "library.marked",
                "template",
                template_id,
                before=_told(told),
                after=_told(wanted),
                reason=reason,
                tenant_id=PLATFORM,
            )
            return _marks(template_id, before)


async def _existing(session: AsyncSession, id: UUID) -> Submission:
    # scope: all tenants, because operators decide on what any of them submits
    statement = (
        select(PublicationVersion, Tenant.id, Tenant.name)
        .join(Tenant, Tenant.id == PublicationVersion.tenant_id)
        .where(PublicationVersion.id == id, PublicationVersion.review != "NOT_NEEDED")
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise SubmissionNotFound(id)
    return Submission(*row)


async def _locked(session: AsyncSession, id: UUID, needed: Review) -> Submission:
    """The submission, which nobody else decides on or takes back meanwhile."""
    found = await _existing(session, id)
    version = found.version
    # a tenant that takes something back locks the publication first, too
    publication = select(Publication.id).where(
        Publication.tenant_id == version.tenant_id, Publication.id == version.publication_id
    )
    await session.execute(publication.with_for_update())
    await session.refresh(version)
    if version.review != needed:
        raise WrongReview(version.review, needed)
    return found


async def _decide(session: AsyncSession, found: Submission, review: Review, note: str | None, act: str) -> None:
    version = found.version
    before = {"status": version.review}
    version.review, version.review_note, version.reviewed_at = review, note, func.now()
    await session.flush()
    await session.refresh(version)
    await record_everywhere(
        session,
        act,
        "template",
        version.publication_id,
        tenant_id=version.tenant_id,
        before=before,
        after={"status": review, "version": version.number},
        reason=note,
    )


def _marks(template_id: str, facts: TemplateFacts | None) -> Marks:
    return Marks(template_id) if facts is None else Marks(template_id, facts.is_featured, facts.is_premium)


def _told(marks: Marks) -> dict[str, bool | None]:
    return {"isFeatured": marks.is_featured, "isPremium": marks.is_premium}
