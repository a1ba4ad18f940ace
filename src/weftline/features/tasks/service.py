"""What can be done with human tasks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from weftline.features.database import Database, driver
from weftline.features.executions.hints import WorkHints
from weftline.features.json_schema import InvalidSchema, JsonSchema
from weftline.features.tasks import repository
from weftline.features.tasks.errors import (
    InvalidForm,
    TaskClaimed,
    TaskClosed,
    TaskNotFound,
    UnknownOutcome,
)
from weftline.features.tasks.models import HumanTask
from weftline.model.status import TaskStatus
from weftline.store.inbox import MessageKind, send

SOMEBODY = "anonymous"
"""Who claims a task where nobody says who they are."""


class TaskService:
    """Finding, claiming and completing tasks.

    Args:
        database: where they are.
        hints: wakes workers.
    """

    def __init__(self, database: Database, hints: WorkHints) -> None:
        self._database = database
        self._hints = hints

    async def get(self, tenant_id: UUID, task_id: UUID) -> HumanTask:
        """A task.

        Raises:
            TaskNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            task = await repository.get(session, tenant_id, task_id)
        if task is None:
            raise TaskNotFound
        return task

    async def list(
        self,
        tenant_id: UUID,
        wanted: repository.Filter,
        *,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 50,
    ) -> Sequence[HumanTask]:
        """Tasks, the newest first; see ``repository.list_tasks``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_tasks(session, tenant_id, wanted, before=before, limit=limit)

    async def claim(self, tenant_id: UUID, task_id: UUID, user: str | None = None) -> HumanTask:
        """Take an open task. Safe to repeat for the one who has it.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to claim.
            TaskClaimed: somebody else has it.
        """
        user = user or SOMEBODY
        async with self._database.transaction(tenant_id) as session:
            task = await repository.claim(session, tenant_id, task_id, user)
            if task is None:
                task = await repository.get(session, tenant_id, task_id)
                if task is None:
                    raise TaskNotFound
                if task.status != TaskStatus.CLAIMED.value:
                    raise TaskClosed(task.status)
                if task.claimed_by != user:
                    raise TaskClaimed(task.claimed_by or SOMEBODY)
        return task

    async def complete(
        self,
        tenant_id: UUID,
        task_id: UUID,
        *,
        data: dict[str, Any] | None = None,
        outcome: str | None = None,
        user: str | None = None,
    ) -> HumanTask:
        """Do a task: close it, and tell its execution, both or neither.

        Args:
            tenant_id, task_id: which.
            data: what the person filled in.
            outcome: what the person decided.
            user: who; whoever claimed it where not given.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to complete.
            UnknownOutcome, InvalidForm: the task does not accept that.
        """
        data = data or {}
        async with self._database.transaction(tenant_id) as session:
            task = await repository.get(session, tenant_id, task_id)
            if task is None:
                raise TaskNotFound
            if task.status not in repository.UNDONE:
                raise TaskClosed(task.status)
            if task.outcomes and outcome not in task.outcomes:
                raise UnknownOutcome(outcome, task.outcomes)
            if errors := _form_errors(task.form, data):
                raise InvalidForm(errors)
            by = user or task.claimed_by
            payload = {"step": task.step_id, "data": data, "outcome": outcome, "by": by}
            # workers lock an execution before its tasks, and so must this
            seq = await send(
                await driver(session),
                tenant_id,
                task.execution_id,
                MessageKind.TASK_COMPLETED,
                payload,
                time.time(),
            )
            completed = await repository.complete(session, tenant_id, task_id, data=data, outcome=outcome, by=by)
            if seq is None or completed is None:
                # whoever closed it has committed: this transaction ends without a trace
                raise TaskClosed(TaskStatus.COMPLETED.value)
        self._hints.send()
        return completed


def _form_errors(form: object, data: dict[str, Any]) -> Sequence[Any]:
    """What is wrong with ``data`` where the form is a JSON Schema; a form that is only named is not checked."""
    if not isinstance(form, dict):
        return ()
    try:
        return JsonSchema(cast("dict[str, Any]", form)).errors(data, "/data")
    except InvalidSchema:
        # a form of another kind, which only its own front end understands
        return ()
