"""What can be seen of executions.

Those who wait to see one are answered together; see ``weftline.features.gathered``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from weftline.features.database import Database
from weftline.features.executions import repository
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.listing import Filter
from weftline.features.executions.models import Execution
from weftline.features.gathered import Gathered, Look
from weftline.features.http.conditional import fingerprint
from weftline.features.http.listing import Window
from weftline.features.shared import alone
from weftline.machine.state import State
from weftline.model.event import Event
from weftline.model.status import ExecutionStatus
from weftline.store.log import events_of_rows, pages_with_workflows
from weftline.store.sealing import UNREADABLE


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
        self._snapshots = Gathered(self._look_up)
        self._logs = Gathered(self._look_into)

    async def get(self, tenant_id: UUID, execution_id: UUID) -> Snapshot:
        """An execution as it is now.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        found = await self._snapshots.get(tenant_id, execution_id)
        if found is None:
            raise ExecutionNotFound
        return found

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
        found = await self._logs.get((tenant_id, after, limit), execution_id)
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

    async def _look_up(self, tenant_id: UUID, look: Look[UUID, Snapshot]) -> None:
        """Find executions for those who wait to see them."""
        async with self._database.reading(tenant_id) as connection:
            for stored in await repository.stored_details(connection, tenant_id, look.begin()):
                try:
                    look.tell(stored["id"], Snapshot(*await repository.row_and_state(connection, tenant_id, stored)))
                except UNREADABLE as error:
                    # what cannot be opened concerns nobody else
                    look.refuse(stored["id"], error)

    async def _look_into(self, place: tuple[UUID, int, int], look: Look[UUID, tuple[str, list[Event]]]) -> None:
        """Find events for those who wait to see them: a page of so many after the same number."""
        tenant_id, after, limit = place
        async with self._database.reading(tenant_id) as connection:
            for execution_id, workflow_id, log in await pages_with_workflows(
                connection, tenant_id, look.begin(), after, limit
            ):
                try:
                    events = await events_of_rows(connection, tenant_id, execution_id, log)
                    look.tell(execution_id, (workflow_id, events))
                except UNREADABLE as error:
                    look.refuse(execution_id, error)
