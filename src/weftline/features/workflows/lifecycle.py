"""Deprecating and archiving workflows, and bringing them back.

::

    DRAFT ─→ PUBLISHED ⇄ DEPRECATED
      ⇅          ⇅           ↓
      └────── ARCHIVED ──────┘

A deprecated workflow still starts executions, and says so to whoever starts one. An archived one starts none, and
cannot be changed, and its triggers do not fire. Executions that run are left alone by all of this.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.triggers.declaring import declare_triggers, stop_triggers
from weftline.features.workflows.changing import Workflow, lock_template, save, version_of
from weftline.features.workflows.errors import WrongStatus
from weftline.features.workflows.models import WorkflowTemplate
from weftline.model.status import TEMPLATE_TRANSITIONS, TemplateStatus


class Lifecycle:
    """Moves workflows between their statuses.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def deprecate(
        self, tenant_id: UUID, workflow_id: str, reason: str | None = None, *, expected_etag: str | None = None
    ) -> Workflow:
        """Say that a workflow should be used no longer. Nothing happens where that is said already.

        Args:
            tenant_id, workflow_id: which.
            reason: why; the audit log keeps it.
            expected_etag: only if it is still in this state.

        Raises:
            WorkflowNotFound, WorkflowChanged: there is none of this id, or not in this state.
            WrongStatus: there is no such move from where it stands.
        """
        target = TemplateStatus.DEPRECATED
        return await self._move(tenant_id, workflow_id, "workflow.deprecated", target, reason, expected_etag)

    async def archive(
        self, tenant_id: UUID, workflow_id: str, reason: str | None = None, *, expected_etag: str | None = None
    ) -> Workflow:
        """Put a workflow away; like :meth:`deprecate`."""
        target = TemplateStatus.ARCHIVED
        return await self._move(tenant_id, workflow_id, "workflow.archived", target, reason, expected_etag)

    async def restore(
        self, tenant_id: UUID, workflow_id: str, reason: str | None = None, *, expected_etag: str | None = None
    ) -> Workflow:
        """Bring an archived or deprecated workflow back; like :meth:`deprecate`."""
        return await self._move(tenant_id, workflow_id, "workflow.restored", None, reason, expected_etag)

    async def _move(
        self,
        tenant_id: UUID,
        workflow_id: str,
        action: str,
        target: TemplateStatus | None,
        reason: str | None,
        expected_etag: str | None,
    ) -> Workflow:
        """Move to ``target``; None: to where the workflow is in use."""
        async with self._database.transaction(tenant_id) as session:
            template = await lock_template(session, tenant_id, workflow_id, expected_etag)
            latest = await version_of(session, template, template.latest_version)
            current = TemplateStatus(template.status)
            target = _in_use(template) if target is None else target
            if current is target:
                return Workflow(template, latest)
            if target not in TEMPLATE_TRANSITIONS[current]:
                raise WrongStatus(workflow_id, current, target)
            template.status = target.value
            template.is_active = target is not TemplateStatus.ARCHIVED
            await save(session, template)
            await self._follow(session, template, current)
            await record(
                session,
                action,
                "workflow",
                workflow_id,
                before={"status": current.value},
                after={"status": target.value},
                reason=reason,
                tenant_id=tenant_id,
            )
            return Workflow(template, latest)

    async def _follow(self, session: AsyncSession, template: WorkflowTemplate, before: TemplateStatus) -> None:
        """Let the workflow's triggers rest while it is archived, and no longer."""
        connection, tenant_id, workflow_id = await driver(session), template.tenant_id, template.id
        if not template.is_active:
            await stop_triggers(connection, tenant_id, workflow_id)
        elif before is TemplateStatus.ARCHIVED and template.published_version is not None:
            version = await version_of(session, template, template.published_version)
            await declare_triggers(connection, tenant_id, workflow_id, version.version_number, version.definition)


def _in_use(template: WorkflowTemplate) -> TemplateStatus:
    return TemplateStatus.DRAFT if template.published_version is None else TemplateStatus.PUBLISHED
