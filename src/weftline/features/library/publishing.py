"""Publishing workflows as templates, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.library import publication_repository as repository
from weftline.features.library.composing import TemplateDraft, compose
from weftline.features.library.errors import (
    NotPublishable,
    PublicationNotFound,
    TemplateExists,
    TooManyPublications,
)
from weftline.features.library.models import Publication, PublicationVersion
from weftline.features.library.shelves import Shelves
from weftline.features.library.sources import Source, Sources
from weftline.library import TemplateEntry
from weftline.model.ids import uuid7

MAX_PUBLICATIONS = 500
"""Of a tenant."""


class Published(NamedTuple):
    """A publication and its newest version."""

    publication: Publication
    version: PublicationVersion


class PublishingService:
    """Publishes templates.

    Args:
        database: where they are.
        sources: what they are made of.
        shelves: knows which ids are taken.
    """

    def __init__(self, database: Database, sources: Sources, shelves: Shelves) -> None:
        self._database = database
        self._sources = sources
        self._shelves = shelves

    async def check(self, caller: Caller, id: str, workflow_id: str, draft: TemplateDraft) -> TemplateEntry:
        """The template that a workflow would become; nothing is stored.

        Raises:
            WorkflowNotFound, VersionNotFound, NotPublishable: see :meth:`publish`.
        """
        return (await self._made(caller, id, workflow_id, draft))[0]

    async def publish(self, caller: Caller, id: str, workflow_id: str, draft: TemplateDraft) -> Published:
        """Publish a workflow as a new template. A public one waits for an operator before others see it.

        Args:
            caller: who publishes it.
            id: the template's.
            workflow_id: the workflow.
            draft: what it is to be.

        Raises:
            WorkflowNotFound, VersionNotFound: there is no such thing.
            NotPublishable: something speaks against it; all of it is told.
            TemplateExists: the id is taken.
            TooManyPublications: the tenant has as many as it may.
        """
        entry, source = await self._made(caller, id, workflow_id, draft)
        if await self._shelves.is_for_everybody(caller.tenant_id, id):
            raise TemplateExists(id)
        async with self._database.transaction(caller.tenant_id) as session:
            if await repository.get_publication(session, caller.tenant_id, id) is not None:
                raise TemplateExists(id)
            if await repository.count_publications(session, caller.tenant_id) >= MAX_PUBLICATIONS:
                raise TooManyPublications(MAX_PUBLICATIONS)
            publication = Publication(
                tenant_id=caller.tenant_id,
                id=id,
                workflow_id=workflow_id,
                visibility=draft.visibility,
                is_published=True,
                name=entry.name["en"],
                author=draft.author or caller.name,
                latest_version=0,
                etag=0,
                created_by=caller.name,
            )
            session.add(publication)
            return await self._add(session, caller, publication, entry, source.number, draft)

    async def add_version(self, caller: Caller, id: str, draft: TemplateDraft) -> Published:
        """Publish a template anew, also one that was taken back. What was installed from it stays as it is.

        Raises:
            PublicationNotFound: the tenant has published none of this id.
            WorkflowNotFound, VersionNotFound, NotPublishable: see :meth:`publish`.
        """
        workflow_id = (await self.get(caller.tenant_id, id)).publication.workflow_id
        entry, source = await self._made(caller, id, workflow_id, draft)
        async with self._database.transaction(caller.tenant_id) as session:
            publication = await _existing(session, caller.tenant_id, id, lock=True)
            if draft.visibility == "PUBLIC":
                await repository.change_reviews(session, caller.tenant_id, id, "PENDING", "SUPERSEDED")
            elif publication.visibility == "PUBLIC":
                await repository.take_back(session, caller.tenant_id, id)
            return await self._add(session, caller, publication, entry, source.number, draft)

    async def unpublish(self, caller: Caller, id: str) -> Published:
        """Take a template back: nobody sees it any longer. What was installed from it stays as it is.

        Raises:
            PublicationNotFound: the tenant has published none of this id.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            publication = await _existing(session, caller.tenant_id, id, lock=True)
            if publication.is_published:
                publication.is_published = False
                await repository.take_back(session, caller.tenant_id, id)
                await _changed(session, publication)
                await record(session, "library.unpublished", "template", id)
            version = await _version(session, publication)
            await session.refresh(version)
            return Published(publication, version)

    async def get(self, tenant_id: UUID, id: str) -> Published:
        """What a tenant has published under an id.

        Raises:
            PublicationNotFound: nothing.
        """
        async with self._database.transaction(tenant_id) as session:
            publication = await _existing(session, tenant_id, id)
            return Published(publication, await _version(session, publication))

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[Published]:
        """A part of what a tenant has published, with what it took back."""
        async with self._database.transaction(tenant_id) as session:
            found = await repository.list_publications(session, tenant_id, window)
            return [Published(each, await _version(session, each)) for each in found]

    async def versions(self, tenant_id: UUID, id: str, window: Window) -> Sequence[PublicationVersion]:
        """A part of the versions of a publication.

        Raises:
            PublicationNotFound: the tenant has published none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            await _existing(session, tenant_id, id)
            return await repository.list_versions(session, tenant_id, id, window)

    async def _made(
        self, caller: Caller, id: str, workflow_id: str, draft: TemplateDraft
    ) -> tuple[TemplateEntry, Source]:
        source = await self._sources.read(caller, workflow_id, draft.workflow_version)
        entry, errors = compose(id, source.workflow, source.document, draft, source.own)
        if errors or entry is None:
            raise NotPublishable(errors)
        return entry, source

    async def _add(
        self,
        session: AsyncSession,
        caller: Caller,
        publication: Publication,
        entry: TemplateEntry,
        workflow_version: int,
        draft: TemplateDraft,
    ) -> Published:
        """Store the next version."""
        publication.latest_version += 1
        publication.visibility = draft.visibility
        publication.is_published = True
        publication.name = entry.name["en"]
        publication.author = draft.author or publication.author
        version = PublicationVersion(
            tenant_id=publication.tenant_id,
            publication_id=publication.id,
            number=publication.latest_version,
            id=uuid7(),
            workflow_version=workflow_version,
            entry=entry.model_dump(mode="json", by_alias=True, exclude_none=True),
            author=publication.author,
            change_description=draft.change_description,
            review="PENDING" if draft.visibility == "PUBLIC" else "NOT_NEEDED",
            published_by=caller.name,
        )
        await _changed(session, publication)
        session.add(version)
        await session.flush()
        await session.refresh(version)
        facts = {"version": version.number, "visibility": draft.visibility, "workflowId": publication.workflow_id}
        await record(session, "library.published", "template", publication.id, after=facts)
        return Published(publication, version)


async def _existing(session: AsyncSession, tenant_id: UUID, id: str, *, lock: bool = False) -> Publication:
    publication = await repository.get_publication(session, tenant_id, id, lock=lock)
    if publication is None:
        raise PublicationNotFound(id)
    return publication


async def _version(session: AsyncSession, publication: Publication) -> PublicationVersion:
    number = publication.latest_version
    version = await repository.get_version(session, publication.tenant_id, publication.id, number)
    assert version is not None, "every publication has a version"
    return version


async def _changed(session: AsyncSession, publication: Publication) -> None:
    publication.etag += 1
    publication.updated_at = func.now()
    await session.flush()
    await session.refresh(publication)
