"""What can be done with workflows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.shared import Shared, alone
from weftline.features.tenancy.limits import TenantLimits
from weftline.features.workflows import repository
from weftline.features.workflows.changing import (
    Workflow,
    hash_of,
    headings,
    lock_template,
    new_version,
    record_version,
    refuse_archived,
    save,
    shows_the_same,
    told,
    version_of,
)
from weftline.features.workflows.checking import DefinitionChecker
from weftline.features.workflows.errors import InvalidDefinition, VersionNotFound, WorkflowExists, WorkflowNotFound
from weftline.features.workflows.lifecycle import Lifecycle
from weftline.features.workflows.models import WorkflowTemplate, WorkflowVersion
from weftline.features.workflows.publishing import Publishing
from weftline.language import Problem
from weftline.language.diff import DefinitionDiff, diff_definitions
from weftline.language.plugin_nodes import PluginParts
from weftline.model.status import TemplateStatus
from weftline.plugins.running import no_action, no_parts

Furnish = Callable[[AsyncSession, Workflow], Awaitable[None]]
"""Stores, within the transaction that makes a workflow, what belongs to it."""


class Comparison(NamedTuple):
    """What differs between two versions of a workflow.

    Attributes:
        before, after: their numbers.
        diff: what differs.
    """

    before: int
    after: int
    diff: DefinitionDiff


class WorkflowService:
    """Writing and finding workflows.

    Args:
        database: where they are.
        actions: names of the actions that definitions may call; None accepts any name.
        limits: how many a tenant may have.
        hidden: names of the actions that are not there for a tenant.
        parts: what of plugins a tenant's definitions may use.

    Attributes:
        publishing: makes versions the ones that new executions run.
        lifecycle: deprecates, archives and restores workflows.
    """

    def __init__(
        self,
        database: Database,
        actions: Collection[str] | None,
        limits: TenantLimits,
        *,
        hidden: Callable[[UUID], Collection[str]] = no_action,
        parts: Callable[[UUID], Awaitable[PluginParts]] = no_parts,
    ) -> None:
        self._database = database
        self._limits = limits
        self._checker = DefinitionChecker(database, actions, hidden, parts)
        self.publishing = Publishing(database, self._checker)
        self.lifecycle = Lifecycle(database)
        self._shared = Shared()

    async def problems(self, tenant_id: UUID, document: dict[str, Any]) -> Sequence[Problem]:
        """Everything that is wrong with a definition of a tenant's; nothing is stored."""
        return await self._checker.problems(tenant_id, document)

    async def create(self, tenant_id: UUID, document: dict[str, Any], furnish: Furnish | None = None) -> Workflow:
        """Store a new workflow with a first, unpublished version.

        Args:
            tenant_id: whose.
            document: the definition.
            furnish: what else is stored with it; all of it or nothing.

        Raises:
            InvalidDefinition: the document is not a valid workflow.
            WorkflowExists: its id is taken.
            LimitReached: the tenant has as many as it may.
        """
        definition, document = await self._checker.check(tenant_id, document)
        async with self._database.transaction(tenant_id) as session:
            await self._limits.check_workflows(session, tenant_id)
            template = await repository.add_template(
                session, tenant_id, {"id": definition.id, "latest_version": 1, **headings(definition)}
            )
            if template is None:
                raise WorkflowExists(definition.id)
            version = new_version(template, definition, document)
            session.add(version)
            await session.flush()
            await record_version(session, "workflow.created", version)
            workflow = Workflow(template, version)
            if furnish is not None:
                await furnish(session, workflow)
            return workflow

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
            WorkflowNotFound, WorkflowChanged: there is none of this id, or not in the expected state.
            WorkflowArchived: it was put away.
        """
        definition, document = await self._checker.check(tenant_id, document)
        if definition.id != workflow_id:
            message = f"the definition's id is '{definition.id}', the workflow's is '{workflow_id}'"
            raise InvalidDefinition([Problem("/id", message, "An id cannot be changed.", "id_mismatch")])
        async with self._database.transaction(tenant_id) as session:
            template = await lock_template(session, tenant_id, workflow_id, expected_etag)
            refuse_archived(template)
            latest = await version_of(session, template, template.latest_version)
            if shows_the_same(latest, document):
                return Workflow(template, latest)
            before = told(latest)
            if latest.published_at is None:
                latest.definition = document
                latest.definition_hash = hash_of(document)
                latest.label = definition.version
            else:
                template.latest_version += 1
                latest = new_version(template, definition, document)
                session.add(latest)
            for name, value in headings(definition).items():
                setattr(template, name, value)
            await save(session, template)
            await record_version(session, "workflow.changed", latest, before)
            return Workflow(template, latest)

    async def get(self, tenant_id: UUID, workflow_id: str, number: int | None = None) -> Workflow:
        """A workflow with version ``number``, or with its latest.

        Raises:
            WorkflowNotFound, VersionNotFound: there is no such thing.
        """

        async def read(at_turn: Callable[[], None]) -> tuple[WorkflowTemplate | None, WorkflowVersion | None]:
            async with self._database.reading(tenant_id) as connection:
                at_turn()
                return await repository.read_workflow(connection, tenant_id, workflow_id, number)

        template, version = await self._shared.get((tenant_id, workflow_id, number), read)
        if template is None:
            raise WorkflowNotFound(workflow_id)
        if version is None:
            raise VersionNotFound(workflow_id, template.latest_version if number is None else number)
        return Workflow(template, version)

    async def list(
        self,
        tenant_id: UUID,
        window: Window,
        *,
        statuses: Collection[TemplateStatus],
        query: str | None = None,
        ids: Collection[str] | None = None,
        at_turn: Callable[[], None] = alone,
    ) -> Sequence[WorkflowTemplate]:
        """Workflows; see ``repository.list_templates``, and ``weftline.features.shared`` for ``at_turn``."""
        async with self._database.reading(tenant_id) as connection:
            at_turn()
            return await repository.list_templates(
                connection, tenant_id, window, statuses=statuses, query=query, ids=ids
            )

    async def list_versions(self, tenant_id: UUID, workflow_id: str, window: Window) -> Sequence[WorkflowVersion]:
        """A part of a workflow's versions, without their definitions.

        Raises:
            WorkflowNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            if await repository.get_template(session, tenant_id, workflow_id) is None:
                raise WorkflowNotFound(workflow_id)
            return await repository.list_versions(session, tenant_id, workflow_id, window)

    async def compare(
        self, tenant_id: UUID, workflow_id: str, before: int | None = None, after: int | None = None
    ) -> Comparison:
        """What differs between two versions of a workflow.

        Args:
            tenant_id, workflow_id: which workflow.
            before: a version's number; None: the one before ``after``, or the first.
            after: another's; None: the latest.

        Raises:
            WorkflowNotFound, VersionNotFound: there is no such thing.
        """
        _, new = await self.get(tenant_id, workflow_id, after)
        number = max(1, new.version_number - 1) if before is None else before
        _, old = await self.get(tenant_id, workflow_id, number)
        return Comparison(number, new.version_number, diff_definitions(old.definition, new.definition))
