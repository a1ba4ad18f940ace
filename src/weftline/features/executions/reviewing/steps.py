"""Filling in a step of an execution by its name: the human task that it opened is completed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.database import Database
from weftline.features.errors import FieldError
from weftline.features.executions.commands import Command
from weftline.features.executions.errors import AmbiguousStep, ExecutionEnded, NotNow, UnknownStep
from weftline.features.executions.operating.naming import StepName, not_open
from weftline.features.executions.programs import Run, load_run
from weftline.features.executions.reader import ExecutionReader, Snapshot
from weftline.features.executions.steering import PATIENCE, Acted, Steering
from weftline.features.tasks.deciding import Decision
from weftline.features.tasks.errors import InvalidForm
from weftline.features.tasks.models import HumanTask
from weftline.features.tasks.service import TaskService
from weftline.language.program import Kind
from weftline.machine.step import Step
from weftline.model.status import ExecutionStatus, StepStatus, TaskStatus
from weftline.store.inbox import MessageKind

T = TypeVar("T")

FIRST_LOOK, LAST_LOOK = 0.01, 0.25
"""Seconds between two looks, at first and later."""


class StepSubmission:
    """Fills in steps.

    Args:
        database: where executions and tasks are.
        reader: reads executions.
        steering: asks executions.
        tasks: completes tasks, by the rules that hold wherever one is completed.
    """

    def __init__(self, database: Database, reader: ExecutionReader, steering: Steering, tasks: TaskService) -> None:
        self._database = database
        self._reader = reader
        self._steering = steering
        self._tasks = tasks

    async def submit(
        self, caller: Caller, execution_id: UUID, step_id: str, key: str | None, decision: Decision
    ) -> Acted:
        """Fill in a step: complete it where it is open, or, under review, correct what was filled in before. A draft
        is begun first.

        Args:
            caller: who fills it in.
            execution_id: of which execution.
            step_id, key: which step, by its node's id and, where the node is open several times, its key.
            decision: what they say.

        Raises:
            ExecutionNotFound, UnknownStep: there is nothing of that kind.
            AmbiguousStep, NotNow: it cannot be filled in now.
            DomainError: the task cannot be completed so by this caller; see ``deciding.decide``.
        """
        run = await self._run(caller.tenant_id, execution_id)
        _check_possible(run, step_id)
        name, seq = StepName(step_id, key), run.snapshot.state.seq
        if run.snapshot.status is ExecutionStatus.DRAFT:
            await self._steering.act(caller.tenant_id, execution_id, Command(MessageKind.BEGIN, {"by": caller.name}))
        elif (amendment := _amendment(run, name, decision, caller.name)) is not None:
            return await self._steering.act(caller.tenant_id, execution_id, amendment)
        name = _as_tasks_know(run, name)
        task = await soon(lambda: self._open_task(caller.tenant_id, execution_id, name))
        if task is None:
            raise not_open(name)
        done = await self._tasks.complete(caller, task.id, decision)
        if done.status != TaskStatus.COMPLETED.value:
            # it takes more people
            return Acted(await self._reader.get(caller.tenant_id, execution_id), True, seq)
        after = await soon(lambda: self._closed(caller.tenant_id, execution_id, done.step_id))
        snapshot = after or await self._reader.get(caller.tenant_id, execution_id)
        return Acted(snapshot, after is not None, seq)

    async def _run(self, tenant_id: UUID, execution_id: UUID) -> Run:
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            return await load_run(session, tenant_id, execution_id)

    async def _open_task(self, tenant_id: UUID, execution_id: UUID, name: StepName) -> HumanTask | None:
        """The task of the step that is meant, where it is open."""
        async with self._database.transaction(tenant_id) as session:
            tasks = await _open_tasks(session, tenant_id, execution_id, name)
        if len(tasks) > 1:
            raise AmbiguousStep(str(name), [task.step_id for task in tasks])
        return tasks[0] if tasks else None

    async def _closed(self, tenant_id: UUID, execution_id: UUID, key: str) -> Snapshot | None:
        """The execution, once the step of ``key`` is open no longer."""
        snapshot = await self._reader.get(tenant_id, execution_id)
        return None if snapshot.state.open_step_known_as(key) else snapshot


def _as_tasks_know(run: Run, name: StepName) -> StepName:
    """The step that is meant, by the key that its task has, where a migration has renamed it since."""
    steps = [step for step in run.snapshot.state.open.values() if name.fits(step.key)]
    if len(steps) == 1 and steps[0].origin is not None:
        return StepName(key=steps[0].origin)
    return name


def _check_possible(run: Run, step_id: str) -> None:
    """See that a step may be open, or open soon.

    Raises:
        UnknownStep, ExecutionEnded, NotNow: it may not.
    """
    node = run.program.nodes.get(step_id)
    if node is None:
        raise UnknownStep("/stepId", step_id, run.program.nodes)
    if node.kind is not Kind.HUMAN_TASK:
        raise NotNow("not_a_task", f"step '{step_id}' asks nobody to fill anything in")
    status = run.snapshot.status
    if status.is_terminal:
        raise ExecutionEnded(status)


async def _open_tasks(session: AsyncSession, tenant_id: UUID, execution_id: UUID, name: StepName) -> list[HumanTask]:
    node = func.split_part(func.split_part(HumanTask.step_id, "@", 1), "~", 1)
    statement = select(HumanTask).where(
        HumanTask.tenant_id == tenant_id,
        HumanTask.execution_id == execution_id,
        HumanTask.status.in_([TaskStatus.OPEN.value, TaskStatus.CLAIMED.value]),
    )
    if name.id is not None:
        statement = statement.where(node == name.id)
    if name.key is not None:
        statement = statement.where(HumanTask.step_id == name.key)
    return list(await session.scalars(statement.order_by(HumanTask.id)))


def _amendment(run: Run, name: StepName, decision: Decision, by: str) -> Command | None:
    """What corrects a completed step under review; None where nothing is to be corrected.

    Raises:
        AmbiguousStep: several steps are meant.
        InvalidForm: the form does not accept the data.
    """
    program, state = run.program, run.snapshot.state
    if program.review is None or any(name.fits(key) for key in state.open):
        return None
    steps = [step for step in state.latest.values() if name.fits(step.key) and _is_filled_in(run, step)]
    if not steps:
        return None
    if len(steps) > 1:
        raise AmbiguousStep(str(name), [step.key for step in steps])
    step, data = steps[0], decision.data or {}
    schema = program.nodes[step.node].schema
    if schema is not None and (errors := list(schema.errors(data))):
        raise InvalidForm([FieldError(f"/data{pointer}", message) for pointer, message in errors])
    payload: dict[str, Any] = {"step": step.key, "data": data, "by": by}
    return Command(MessageKind.AMEND, payload)


def _is_filled_in(run: Run, step: Step) -> bool:
    node = run.program.nodes.get(step.node)
    return node is not None and node.kind is Kind.HUMAN_TASK and step.status is StepStatus.COMPLETED


async def soon(look: Callable[[], Awaitable[T | None]]) -> T | None:
    """What ``look`` finds as soon as it finds something; None where it does not within the patience of an act."""
    until, interval = time.monotonic() + PATIENCE, FIRST_LOOK
    while (found := await look()) is None and time.monotonic() < until:
        await asyncio.sleep(interval)
        interval = min(interval * 1.5, LAST_LOOK)
    return found
