"""What of all that happens somebody may see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import load_only

from weftline.features.access.caller import Caller
from weftline.features.access.fields.masking import FieldMask
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import resource_of_run
from weftline.features.database import Database
from weftline.features.executions.models import Execution
from weftline.features.executions.permissions import READ as READ_EXECUTIONS
from weftline.features.executions.rest import resource_of
from weftline.features.executions.sealing import open_loaded
from weftline.features.live.happenings import Happening
from weftline.features.tasks import repository as tasks
from weftline.features.tasks.permissions import READ as READ_TASKS
from weftline.features.tasks.rules import can_see
from weftline.features.workflows.permissions import READ as READ_WORKFLOWS

Seen = list[tuple[Happening, FieldMask | None]]
"""What somebody may see, each with what hides the rest."""


class Viewing:
    """Decides who may see what.

    Args:
        database: under the API's role.
        gate: decides.
    """

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate

    async def seen(self, caller: Caller, happenings: Sequence[Happening]) -> Seen:
        """Those of the happenings that the caller may see."""
        executions = await self._executions(caller, happenings)
        tasks_seen = await self._tasks(caller, happenings)
        masks: dict[str, FieldMask | None] = {}
        seen: Seen = []
        for each in happenings:
            if each.task is not None:
                if each.task.id in tasks_seen:
                    seen.append((each, None))
            elif each.execution_id is None:
                if await self._gate.visible(caller, READ_WORKFLOWS, [each.workflow_id], _workflow):
                    seen.append((each, None))
            elif each.execution_id in executions:
                if each.workflow_id not in masks:
                    masks[each.workflow_id] = await self._gate.mask(caller, each.workflow_id)
                seen.append((each, masks[each.workflow_id]))
        return seen

    async def _tasks(self, caller: Caller, happenings: Sequence[Happening]) -> set[UUID]:
        asked = [each.task for each in happenings if each.task is not None and can_see(each.task, caller)]
        if not asked or not await self._gate.looks_at_each(caller, READ_TASKS):
            return {task.id for task in asked if caller.can_on(READ_TASKS, task.workflow_id)}
        async with self._database.transaction(caller.tenant_id) as session:
            runs = await tasks.runs(session, caller.tenant_id, asked)
        of_task = partial(resource_of_run, "Task")
        return {run.id for run in await self._gate.visible(caller, READ_TASKS, runs, of_task)}

    async def _executions(self, caller: Caller, happenings: Sequence[Happening]) -> set[UUID]:
        asked = {each.execution_id: each.workflow_id for each in happenings if each.execution_id and not each.task}
        if not asked or not await self._gate.looks_at_each(caller, READ_EXECUTIONS):
            return {id for id, workflow_id in asked.items() if caller.can_on(READ_EXECUTIONS, workflow_id)}
        statement = (
            select(Execution)
            .where(Execution.tenant_id == caller.tenant_id, Execution.id.in_(asked))
            .options(
                load_only(
                    Execution.workflow_id,
                    Execution.started_by,
                    Execution.status,
                    Execution.tags,
                    Execution.input,
                    Execution.is_sealed,
                )
            )
        )
        async with self._database.transaction(caller.tenant_id) as session:
            rows = (await session.scalars(statement)).all()
            await open_loaded(session, rows)
        return {row.id for row in await self._gate.visible(caller, READ_EXECUTIONS, rows, resource_of)}


def _workflow(workflow_id: str) -> Resource:
    return Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)
