"""What can be seen of executions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from weftline.features.database import Database
from weftline.features.executions import repository
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.listing import Filter
from weftline.features.executions.models import Execution
from weftline.features.http.conditional import fingerprint
from weftline.features.http.listing import Window
from weftline.features.shared import alone
from weftline.machine.state import State
from weftline.model.event import Event
from weftline.model.status import ExecutionStatus
from weftline.store.log import page_with_workflow


def editable_state(row: Execution) -> str:
    """The state of what an edit can change of an execution."""
    return fingerprint(row.tags or [], row.attributes or {}, row.priority)


class Snapshot(NamedTuple):
    """An execution at one instant: its row, and its state as the log tells it."""

    row: Execution
    state: State

    @property
    def status(self) -> ExecutionStatus:
        """Where it stands. An execution that no worker has looked at yet has no log."""
        return self.state.resting_status() if self.state.seq else ExecutionStatus(self.row.status)

    @property
    def etag(self) -> str:
        """What it is in, and behind the dash, what an edit can change: that is all that an edit must find as it was."""
        return f"{fingerprint(self.state.seq, self.row.status, self.row.is_queued)}-{editable_state(self.row)}"

    @property
    def version_number(self) -> int:
        """The version that it runs now."""
        return self.row.version_number if self.state.version is None else self.state.version


class ExecutionReader:
    """Reads executions.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant_id: UUID, execution_id: UUID) -> Snapshot:
        """An execution as it is now.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.reading(tenant_id) as connection:
            found = await repository.row_and_state(connection, tenant_id, execution_id)
        if found is None:
            raise ExecutionNotFound
        return Snapshot(*found)

    async def list(
        self,
        tenant_id: UUID,
        wanted: Filter,
        window: Window,
        *,
        with_input: bool = False,
        at_turn: Callable[[], None] = alone,
    ) -> Sequence[Execution]:
        """Executions; see ``repository.list_executions``, and ``weftline.features.shared`` for ``at_turn``."""
        async with self._database.reading(tenant_id, plan_anew=not wanted.is_everything) as connection:
            at_turn()
            return await repository.list_executions(connection, tenant_id, wanted, window, with_input=with_input)

    async def events(
        self, tenant_id: UUID, execution_id: UUID, *, after: int = 0, limit: int = 200
    ) -> tuple[str, list[Event]]:
        """The id of an execution's workflow, and up to ``limit`` events of the execution after number ``after``.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.reading(tenant_id) as connection:
            found = await page_with_workflow(connection, tenant_id, execution_id, after, limit)
        if found is None:
            raise ExecutionNotFound
        return found

    async def workflow_of(self, tenant_id: UUID, execution_id: UUID) -> str:
        """The id of an execution's workflow.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.reading(tenant_id) as connection:
            workflow_id = await repository.workflow_of(connection, tenant_id, execution_id)
        if workflow_id is None:
            raise ExecutionNotFound
        return workflow_id
