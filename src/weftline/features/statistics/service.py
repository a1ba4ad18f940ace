"""Statistics as people see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.database import Database
from weftline.features.statistics import repository
from weftline.features.statistics.figures import Figures, Group, Report, Wanted
from weftline.features.statistics.permissions import READ
from weftline.features.workflows.errors import WorkflowNotFound

EVERYTHING = Group()


class StatisticsService:
    """Reading a tenant's statistics.

    Args:
        database: where they are.
        gate: knows of which workflows somebody may see them.
    """

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate

    async def report(self, caller: Caller, wanted: Wanted) -> Report:
        """What there is to tell of the caller's tenant, as far as they may see it."""
        workflows = await self._workflows(caller)
        async with self._database.transaction(caller.tenant_id, snapshot=True) as session:
            return await read(session, replace(wanted, tenants=(caller.tenant_id,), workflows=workflows))

    async def of_workflow(self, caller: Caller, wanted: Wanted) -> Report:
        """What there is to tell of one workflow.

        Raises:
            WorkflowNotFound: there is no such workflow.
        """
        assert wanted.workflow_id is not None
        async with self._database.transaction(caller.tenant_id, snapshot=True) as session:
            if not await repository.has_workflow(session, caller.tenant_id, wanted.workflow_id):
                raise WorkflowNotFound(wanted.workflow_id)
            return await read(session, replace(wanted, tenants=(caller.tenant_id,)))

    async def _workflows(self, caller: Caller) -> Collection[str] | None:
        """The only workflows of which the caller may see anything; None for all."""
        if not await self._gate.looks_at_each(caller, READ):
            return caller.workflows_where(READ)
        async with self._database.transaction(caller.tenant_id) as session:
            known = await repository.workflow_ids(session, caller.tenant_id)
        return await self._gate.visible(caller, READ, known, _resource)


async def read(session: AsyncSession, wanted: Wanted) -> Report:
    """What there is to tell, all of one moment.

    Args:
        session: which sees one and the same state of the database.
        wanted: of what.
    """
    whole = replace(wanted, group_by=frozenset[str](), step_id=None)
    total = dict(await repository.figures(session, whole)).get(EVERYTHING, Figures())
    running = (await repository.running(session, whole)).get(EVERYTHING, 0)
    if not wanted.group_by and wanted.step_id is None:
        return Report(total, running)
    found = await repository.figures(session, wanted)
    running_of = await repository.running(session, wanted) if wanted.can_run else {}
    return Report(total, running, found[: wanted.limit], running_of, has_more=len(found) > wanted.limit)


def _resource(workflow_id: str) -> Resource:
    return Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)
