"""Making a version the one that new executions run: the latest one, or an earlier one anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import Database, driver
from weftline.features.triggers.declaring import declare_triggers
from weftline.features.workflows import repository
from weftline.features.workflows.calls import Call, Target, calls_of, find_cycles, unknown_targets
from weftline.features.workflows.changing import (
    headings,
    lock_template,
    new_version,
    record_version,
    refuse_archived,
    save,
    version_of,
)
from weftline.features.workflows.checking import DefinitionChecker
from weftline.features.workflows.errors import (
    InvalidDefinition,
    VersionNotFound,
    VersionNotPublished,
    WorkflowNotFound,
)
from weftline.features.workflows.models import WorkflowTemplate, WorkflowVersion
from weftline.language import Problem
from weftline.model.status import TemplateStatus

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('weftline.publish.' || :tenant, 0))")


class Publication(NamedTuple):
    """A workflow after its publication.

    Attributes:
        template: the workflow.
        version: what new executions run.
        warnings: what does not hinder it, but may not work yet.
    """

    template: WorkflowTemplate
    version: WorkflowVersion
    warnings: Sequence[Problem] = ()


class Publishing:
    """Publishes versions of workflows.

    Args:
        database: where they are.
        checker: checks definitions that go back into use.
    """

    def __init__(self, database: Database, checker: DefinitionChecker) -> None:
        self._database = database
        self._checker = checker

    async def publish(
        self,
        tenant_id: UUID,
        workflow_id: str,
        change_description: str | None = None,
        *,
        expected_etag: str | None = None,
    ) -> Publication:
        """Make the latest version the one that new executions run. Nothing happens where it is that already.

        Args:
            tenant_id, workflow_id: which.
            change_description: what changed.
            expected_etag: only if the workflow is still in this state.

        Raises:
            WorkflowNotFound, WorkflowChanged: there is none of this id, or not in this state.
            WorkflowArchived: it was put away.
            InvalidDefinition: it would start itself without end.
        """
        async with self._database.transaction(tenant_id) as session:
            template = await lock_template(session, tenant_id, workflow_id, expected_etag)
            refuse_archived(template)
            version = await version_of(session, template, template.latest_version)
            if version.published_at is not None:
                return Publication(template, version)
            warnings = await self._check_calls(session, version)
            await self._activate(session, template, version, change_description)
            await record_version(session, "workflow.published", version)
            return Publication(template, version, warnings)

    async def roll_back(
        self,
        tenant_id: UUID,
        workflow_id: str,
        number: int,
        change_description: str | None = None,
        *,
        expected_etag: str | None = None,
    ) -> Publication:
        """Publish a new version that is what version ``number`` was. Nothing happens where the active one is that.

        A draft that is the latest version stays, as a version that was never published.

        Args:
            tenant_id, workflow_id: which.
            number: the version to go back to.
            change_description: why.
            expected_etag: only if the workflow is still in this state.

        Raises:
            WorkflowNotFound, WorkflowChanged, VersionNotFound: there is no such thing, or not in this state.
            VersionNotPublished: the version never ran.
            WorkflowArchived: the workflow was put away.
            InvalidDefinition: what the version was can be run no longer, or would start itself without end.
        """
        earlier = await self._published_version(tenant_id, workflow_id, number)
        definition, _ = await self._checker.check(tenant_id, earlier.definition)
        async with self._database.transaction(tenant_id) as session:
            template = await lock_template(session, tenant_id, workflow_id, expected_etag)
            refuse_archived(template)
            assert template.published_version is not None
            active = await version_of(session, template, template.published_version)
            if active.definition_hash == earlier.definition_hash:
                return Publication(template, active)
            template.latest_version += 1
            version = new_version(template, definition, earlier.definition)
            version.rollback_of = number
            warnings = await self._check_calls(session, version)
            for name, value in headings(definition).items():
                setattr(template, name, value)
            await self._activate(session, template, version, change_description)
            await record_version(session, "workflow.rolled_back", version)
            return Publication(template, version, warnings)

    async def _published_version(self, tenant_id: UUID, workflow_id: str, number: int) -> WorkflowVersion:
        async with self._database.transaction(tenant_id) as session:
            if await repository.get_template(session, tenant_id, workflow_id) is None:
                raise WorkflowNotFound(workflow_id)
            version = await repository.get_version(session, tenant_id, workflow_id, number)
            if version is None:
                raise VersionNotFound(workflow_id, number)
            if version.published_at is None:
                raise VersionNotPublished(workflow_id, number)
            return version

    async def _activate(
        self,
        session: AsyncSession,
        template: WorkflowTemplate,
        version: WorkflowVersion,
        change_description: str | None,
    ) -> None:
        """Publish a version in place of the active one. What is deprecated stays so."""
        await repository.deactivate_versions(session, template.tenant_id, template.id)
        version.is_active = True
        version.published_at = await repository.now(session)
        version.change_description = change_description
        session.add(version)
        template.published_version = version.version_number
        if template.status == TemplateStatus.DRAFT.value:
            template.status = TemplateStatus.PUBLISHED.value
        await save(session, template)
        tenant_id, number = version.tenant_id, version.version_number
        await declare_triggers(await driver(session), tenant_id, template.id, number, version.definition)

    async def _check_calls(self, session: AsyncSession, version: WorkflowVersion) -> list[Problem]:
        """See that a version about to be published does not start itself by way of others.

        Returns:
            What it starts and is not there yet.

        Raises:
            InvalidDefinition: it does.
        """
        calls = calls_of(version.definition)
        if not calls:
            return []
        # two that are published at once could make a cycle that neither of them sees
        await session.execute(_LOCK, {"tenant": str(version.tenant_id)})
        itself = (Target(version.template_id), Target(version.template_id, version.version_number))
        known = await self._reachable(session, version.tenant_id, calls, itself)
        if cycles := find_cycles(itself, calls, known):
            raise InvalidDefinition(cycles)
        return unknown_targets(calls, known)

    async def _reachable(
        self, session: AsyncSession, tenant_id: UUID, calls: Sequence[Call], itself: Sequence[Target]
    ) -> dict[Target, list[Call]]:
        """Where the workflows start others that can be reached from ``calls`` without ``itself``, level by level."""
        known: dict[Target, list[Call]] = {}
        seen = set(itself)
        while level := {call.target for call in calls} - seen:
            seen |= level
            parts = await repository.calling_parts(session, tenant_id, level)
            found = {target: calls_of(document) for target, document in parts.items()}
            known |= found
            calls = [call for each in found.values() for call in each]
        return known
