"""Changing what executions are found by and ordered by; how they run stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import load_only

from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.models import Execution
from weftline.features.executions.reader import editable_state
from weftline.features.http.conditional import require_state
from weftline.machine.admission import Scalar
from weftline.store.concurrency import reprioritize


@dataclass(frozen=True, slots=True)
class Change:
    """What to change; None leaves things as they are.

    Attributes:
        tags: all of them from now on.
        attributes: those to set, and, where the value is None, to remove.
        priority: decides who goes first among the executions that are ready, or wait for a slot.
    """

    tags: list[str] | None = None
    attributes: dict[str, Scalar | None] | None = None
    priority: int | None = None


class Editor:
    """Changes executions.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(
        self, tenant_id: UUID, execution_id: UUID, change: Change, *, expected_etag: str | None = None
    ) -> None:
        """Change an execution, whoever runs it.

        Args:
            tenant_id, execution_id: which.
            change: what.
            expected_etag: only if what an edit can change is still as in this state.

        Raises:
            ExecutionNotFound: there is none of this id.
            PreconditionFailed: it was changed meanwhile.
        """
        async with self._database.transaction(tenant_id) as session:
            if change.priority is not None:
                await reprioritize(await driver(session), tenant_id, execution_id, change.priority)
            statement = (
                select(Execution)
                .where(Execution.tenant_id == tenant_id, Execution.id == execution_id)
                .options(load_only(Execution.workflow_id, Execution.tags, Execution.attributes, Execution.priority))
                .with_for_update()
            )
            row = (await session.scalars(statement)).one_or_none()
            if row is None:
                raise ExecutionNotFound
            if expected_etag is not None:
                require_state(expected_etag.rpartition("-")[2], editable_state(row), "The execution")
            before = _changeable(row)
            if change.tags is not None:
                row.tags = change.tags
            if change.attributes is not None:
                merged = {**(row.attributes or {}), **change.attributes}
                row.attributes = {name: value for name, value in merged.items() if value is not None}
            if change.priority is not None:
                row.priority = change.priority
            after = _changeable(row)
            await session.flush()
            await record(
                session,
                "execution.changed",
                "execution",
                execution_id,
                before=before,
                after={"workflowId": row.workflow_id, **after},
                tenant_id=tenant_id,
            )


def _changeable(row: Execution) -> dict[str, Any]:
    return {"tags": row.tags or [], "attributes": row.attributes or {}, "priority": row.priority}
