"""Versions of many workflows at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import defer

from weftline.features.database import Database
from weftline.features.of_each import first_of_each
from weftline.features.workflows.models import WorkflowVersion


class ManyWorkflows:
    """Reads what belongs to many workflows.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions_of_each(
        self, tenant_id: UUID, workflow_ids: Collection[str], *, before: int | None, limit: int
    ) -> dict[str, list[WorkflowVersion]]:
        """Versions of each workflow without their definitions, the newest first.

        Args:
            tenant_id, workflow_ids: whose.
            before: only those below this number.
            limit: at most so many of each.
        """
        conditions = [WorkflowVersion.tenant_id == tenant_id]
        if before is not None:
            conditions.append(WorkflowVersion.version_number < before)
        order = [WorkflowVersion.version_number.desc()]
        statement, found = first_of_each(
            WorkflowVersion, WorkflowVersion.template_id, workflow_ids, conditions, order, limit
        )
        async with self._database.transaction(tenant_id) as session:
            rows = (await session.scalars(statement.options(defer(found.definition)))).all()
        versions: dict[str, list[WorkflowVersion]] = {id: [] for id in workflow_ids}
        for row in sorted(rows, key=lambda row: row.version_number, reverse=True):
            versions[row.template_id].append(row)
        return versions

    async def versions(self, tenant_id: UUID, wanted: Collection[tuple[str, int]]) -> Sequence[WorkflowVersion]:
        """Those of the versions (workflow and number) that exist, with their definitions."""
        key = tuple_(WorkflowVersion.template_id, WorkflowVersion.version_number)
        statement = select(WorkflowVersion).where(WorkflowVersion.tenant_id == tenant_id, key.in_(wanted))
        async with self._database.transaction(tenant_id) as session:
            return (await session.scalars(statement)).all()

    async def published(self, tenant_id: UUID, workflow_id: str) -> WorkflowVersion | None:
        """The version that new executions of a workflow run; None where there is none."""
        statement = select(WorkflowVersion).where(
            WorkflowVersion.tenant_id == tenant_id,
            WorkflowVersion.template_id == workflow_id,
            WorkflowVersion.is_active,
        )
        async with self._database.transaction(tenant_id) as session:
            return (await session.scalars(statement)).one_or_none()
