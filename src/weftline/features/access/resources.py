"""What policies and grants may ask about the thing that a request is about."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import text

from weftline.features.access.policies.request import Resource
from weftline.features.database import Database, driver
from weftline.features.errors import NotFound
from weftline.store.sealing import seal_of

_EXECUTION = text(
    """
    SELECT id, workflow_id, started_by, status, tags, input, id AS execution_id
    FROM executions WHERE tenant_id = :tenant AND id = :id
    """
)
_TASK = text(
    """
    SELECT t.id, t.workflow_id, e.started_by, t.status, e.tags, e.input, t.execution_id
    FROM human_tasks t JOIN executions e ON e.tenant_id = t.tenant_id AND e.id = t.execution_id
    WHERE t.tenant_id = :tenant AND t.id = :id
    """
)

_TRIGGER = text("SELECT workflow_id FROM triggers WHERE tenant_id = :tenant AND id = :id")


async def load_resource(database: Database, tenant_id: UUID, params: Mapping[str, str]) -> Resource:
    """The resource that a path names; the tenant itself where it names none.

    Args:
        database: under the API's role.
        tenant_id: whose.
        params: the path's parameters, of which ``task_id``, ``execution_id``, ``trigger_id`` and ``workflow_id`` are
            known.

    Raises:
        NotFound: there is none such.
    """
    if (task_id := params.get("task_id")) is not None:
        return await _load(database, tenant_id, "Task", task_id)
    if (execution_id := params.get("execution_id")) is not None:
        return await _load(database, tenant_id, "Execution", execution_id)
    if (trigger_id := params.get("trigger_id")) is not None:
        return await _load_trigger(database, tenant_id, trigger_id)
    if (workflow_id := params.get("workflow_id")) is not None:
        return Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)
    return Resource(type="Tenant", id=str(tenant_id))


class RunRow(Protocol):
    """What is known of an execution, or of a task with its execution."""

    @property
    def id(self) -> UUID: ...
    @property
    def workflow_id(self) -> str: ...
    @property
    def started_by(self) -> UUID | None: ...
    @property
    def status(self) -> str: ...
    @property
    def tags(self) -> Sequence[str] | None: ...
    @property
    def input(self) -> dict[str, Any]: ...


class _Run(NamedTuple):
    id: UUID
    workflow_id: str
    started_by: UUID | None
    status: str
    tags: Sequence[str] | None
    input: dict[str, Any]


def resource_of_run(kind: Literal["Execution", "Task"], row: RunRow) -> Resource:
    """An execution or a task, as its row tells it."""
    input = row.input
    amount = input.get("amount")
    department = input.get("department")
    return Resource(
        type=kind,
        id=str(row.id),
        workflow_id=row.workflow_id,
        started_by=None if row.started_by is None else str(row.started_by),
        status=row.status,
        tags=frozenset(row.tags or ()),
        # upwards: a cent above a limit is above it
        amount=math.ceil(amount) if isinstance(amount, (int, float)) and not isinstance(amount, bool) else None,
        department=department if isinstance(department, str) else None,
        attributes={name: _text(value) for name, value in input.items() if isinstance(value, (str, int, float))},
    )


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def _load_trigger(database: Database, tenant_id: UUID, id: str) -> Resource:
    """A trigger is a part of its workflow."""
    try:
        key = UUID(id)
    except ValueError:
        raise NotFound("There is no trigger of this id.") from None
    async with database.transaction(tenant_id) as session:
        workflow_id = await session.scalar(_TRIGGER, {"tenant": tenant_id, "id": key})
    if workflow_id is None:
        raise NotFound("There is no trigger of this id.")
    return Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)


async def _load(database: Database, tenant_id: UUID, kind: Literal["Execution", "Task"], id: str) -> Resource:
    try:
        key = UUID(id)
    except ValueError:
        raise NotFound(f"There is no {kind.lower()} of this id.") from None
    async with database.transaction(tenant_id) as session:
        statement = _TASK if kind == "Task" else _EXECUTION
        row = (await session.execute(statement, {"tenant": tenant_id, "id": key})).one_or_none()
        if row is None:
            raise NotFound(f"There is no {kind.lower()} of this id.")
        input = row.input
        if isinstance(input, str):
            input = (await seal_of(await driver(session), tenant_id, row.execution_id)).open_value(input, "input")
    return resource_of_run(kind, _Run(row.id, row.workflow_id, row.started_by, row.status, row.tags, input))
