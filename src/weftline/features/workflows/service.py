"""What can be done with workflows."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.tenancy.limits import TenantLimits
from weftline.features.workflows import repository
from weftline.features.workflows.errors import (
    InvalidDefinition,
    VersionNotFound,
    WorkflowChanged,
    WorkflowExists,
    WorkflowNotFound,
)
from weftline.features.workflows.models import WorkflowTemplate, WorkflowVersion
from weftline.language import Problem, Validation, validate
from weftline.language import Workflow as Definition
from weftline.model.status import TemplateStatus


class Workflow(NamedTuple):
    """A template and one of its versions, as a rule the latest."""

    template: WorkflowTemplate
    version: WorkflowVersion


class WorkflowService:
    """Writing, publishing and finding workflows.

    Args:
        database: where they are.
        actions: names of the actions that definitions may call; None accepts any name.
        limits: how many a tenant may have.
    """

    def __init__(self, database: Database, actions: Collection[str] | None, limits: TenantLimits) -> None:
        self._database = database
        self._actions = actions
        self._limits = limits

    async def problems(self, document: dict[str, Any]) -> Sequence[Problem]:
        """Everything that is wrong with a definition; nothing is stored."""
        return (await self._validate(document)).problems

    async def create(self, tenant_id: UUID, document: dict[str, Any]) -> Workflow:
        """Store a new workflow with a first, unpublished version.

        Raises:
            InvalidDefinition: the document is not a valid workflow.
            WorkflowExists: its id is taken.
            LimitReached: the tenant has as many as it may.
        """
        definition = await self._check(document)
        async with self._database.transaction(tenant_id) as session:
            await self._limits.check_workflows(session, tenant_id)
            template = await repository.add_template(
                session, tenant_id, {"id": definition.id, "latest_version": 1, **_headings(definition)}
            )
            if template is None:
                raise WorkflowExists(definition.id)
            version = _new_version(template, definition, document)
            session.add(version)
            await session.flush()
            await self._record(session, "workflow.created", version)
            return Workflow(template, version)

    async def replace(
        self, tenant_id: UUID, workflow_id: str, document: dict[str, Any], *, expected_etag: str | None = None
    ) -> Workflow:
        """Give a workflow another definition: in its draft, or in a new one where the latest version is published.

        Args:
            tenant_id: whose workflow.
            workflow_id: which; the document's own id must be the same.
            document: the definition.
            expected_etag: change it only if it is still in this state.

        Raises:
            InvalidDefinition: the document is not a valid workflow, or another workflow's.
            WorkflowNotFound: there is none of this id.
            WorkflowChanged: it is not in the expected state.
        """
        definition = await self._check(document)
        if definition.id != workflow_id:
            message = f"the definition's id is '{definition.id}', the workflow's is '{workflow_id}'"
            raise InvalidDefinition([Problem("/id", message, "An id cannot be changed.", "id_mismatch")])
        async with self._database.transaction(tenant_id) as session:
            template = await repository.get_template(session, tenant_id, workflow_id, lock=True)
            if template is None:
                raise WorkflowNotFound(workflow_id)
            if expected_etag is not None and expected_etag != str(template.etag):
                raise WorkflowChanged(workflow_id)
            latest = await repository.get_version(session, tenant_id, workflow_id, template.latest_version)
            assert latest is not None
            if latest.definition_hash == _hash(document):
                return Workflow(template, latest)
            before = _told(latest)
            if latest.published_at is None:
                latest.definition = document
                latest.definition_hash = _hash(document)
                latest.label = definition.version
            else:
                template.latest_version += 1
                latest = _new_version(template, definition, document)
                session.add(latest)
            for name, value in _headings(definition).items():
                setattr(template, name, value)
            _touch(template)
            await session.flush()
            await session.refresh(template)
            await self._record(session, "workflow.changed", latest, before)
            return Workflow(template, latest)

    async def publish(self, tenant_id: UUID, workflow_id: str, change_description: str | None = None) -> Workflow:
        """Make the latest version the one that new executions run. Nothing happens where it is that already.

        Raises:
            WorkflowNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            template = await repository.get_template(session, tenant_id, workflow_id, lock=True)
            if template is None:
                raise WorkflowNotFound(workflow_id)
            version = await repository.get_version(session, tenant_id, workflow_id, template.latest_version)
            assert version is not None
            if version.published_at is None:
                await repository.deactivate_versions(session, tenant_id, workflow_id)
                version.is_active = True
                version.published_at = await repository.now(session)
                version.change_description = change_description
                template.published_version = version.version_number
                template.status = TemplateStatus.PUBLISHED.value
                _touch(template)
                await session.flush()
                await session.refresh(template)
                await self._record(session, "workflow.published", version)
            return Workflow(template, version)

    async def get(self, tenant_id: UUID, workflow_id: str, number: int | None = None) -> Workflow:
        """A workflow with version ``number``, or with its latest.

        Raises:
            WorkflowNotFound, VersionNotFound: there is no such thing.
        """
        async with self._database.transaction(tenant_id) as session:
            template = await repository.get_template(session, tenant_id, workflow_id)
            if template is None:
                raise WorkflowNotFound(workflow_id)
            wanted = template.latest_version if number is None else number
            version = await repository.get_version(session, tenant_id, workflow_id, wanted)
            if version is None:
                raise VersionNotFound(workflow_id, wanted)
            return Workflow(template, version)

    async def list(
        self,
        tenant_id: UUID,
        *,
        status: TemplateStatus | None = None,
        query: str | None = None,
        after: str | None = None,
        limit: int = 50,
        ids: Collection[str] | None = None,
    ) -> Sequence[WorkflowTemplate]:
        """Workflows in the order of their ids; see ``repository.list_templates``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_templates(
                session, tenant_id, status=status, query=query, after=after, limit=limit, ids=ids
            )

    async def list_versions(
        self, tenant_id: UUID, workflow_id: str, *, before: int | None = None, limit: int = 50
    ) -> Sequence[WorkflowVersion]:
        """A workflow's versions without their definitions, the newest first.

        Raises:
            WorkflowNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            if await repository.get_template(session, tenant_id, workflow_id) is None:
                raise WorkflowNotFound(workflow_id)
            return await repository.list_versions(session, tenant_id, workflow_id, before=before, limit=limit)

    async def _record(
        self, session: AsyncSession, action: str, version: WorkflowVersion, before: dict[str, Any] | None = None
    ) -> None:
        await record(
            session,
            action,
            "workflow",
            version.template_id,
            before=before,
            after=_told(version),
            reason=version.change_description,
            tenant_id=version.tenant_id,
        )

    async def _check(self, document: dict[str, Any]) -> Definition:
        validation = await self._validate(document)
        if validation.workflow is None or validation.problems:
            raise InvalidDefinition(validation.problems)
        return validation.workflow

    async def _validate(self, document: dict[str, Any]) -> Validation:
        # in a thread, for a large graph takes its time
        return await asyncio.to_thread(validate, document, self._actions)


def _headings(definition: Definition) -> dict[str, Any]:
    """What a template repeats of its latest definition, for lists."""
    return {"name": definition.name or definition.id, "description": definition.description}


def _new_version(template: WorkflowTemplate, definition: Definition, document: dict[str, Any]) -> WorkflowVersion:
    return WorkflowVersion(
        tenant_id=template.tenant_id,
        template_id=template.id,
        version_number=template.latest_version,
        label=definition.version,
        definition=document,
        definition_hash=_hash(document),
        is_active=False,
    )


def _told(version: WorkflowVersion) -> dict[str, Any]:
    """What the audit log tells of a version."""
    return {"versionNumber": version.version_number, "definitionHash": version.definition_hash}


def _hash(document: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _touch(template: WorkflowTemplate) -> None:
    template.etag += 1
    template.updated_at = func.now()
