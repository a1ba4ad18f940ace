"""What can be seen of executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from weftline.features.database import Database, driver
from weftline.features.executions import repository
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.models import Execution
from weftline.features.executions.steps import StepCollector
from weftline.features.executions.versions import PublishedVersion, Versions
from weftline.machine.state import State, Step
from weftline.model.event import Event
from weftline.model.status import ExecutionStatus
from weftline.store.log import events_page, load_state

EVENTS_AT_ONCE = 2_000


class Snapshot(NamedTuple):
    """An execution at one instant: its row, and its state as the log tells it."""

    row: Execution
    state: State

    @property
    def status(self) -> ExecutionStatus:
        """Where it stands. An execution that no worker has looked at yet has no log."""
        return self.state.resting_status() if self.state.seq else ExecutionStatus(self.row.status)


class StepExecutions(NamedTuple):
    """The steps of an execution, whose workflow it is, and the version that says what they are called."""

    steps: Sequence[Step]
    workflow_id: str
    version: PublishedVersion


class ExecutionReader:
    """Reads executions.

    Args:
        database: where they are.
        versions: the published versions.
    """

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions

    async def get(self, tenant_id: UUID, execution_id: UUID) -> Snapshot:
        """An execution as it is now.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            row = await repository.get(session, tenant_id, execution_id)
            if row is None:
                raise ExecutionNotFound
            state = await load_state(await driver(session), tenant_id, execution_id)
            if state is None:
                raise ExecutionNotFound
            return Snapshot(row, state)

    async def list(
        self,
        tenant_id: UUID,
        wanted: repository.Filter,
        *,
        before: UUID | None = None,
        limit: int = 50,
        with_input: bool = False,
    ) -> Sequence[Execution]:
        """Executions, the newest first; see ``repository.list_executions``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_executions(
                session, tenant_id, wanted, before=before, limit=limit, with_input=with_input
            )

    async def events(self, tenant_id: UUID, execution_id: UUID, *, after: int = 0, limit: int = 200) -> list[Event]:
        """Up to ``limit`` events of an execution after number ``after``.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            events = await events_page(await driver(session), tenant_id, execution_id, after, limit)
            if not events and await repository.get(session, tenant_id, execution_id) is None:
                raise ExecutionNotFound
            return events

    async def workflow_of(self, tenant_id: UUID, execution_id: UUID) -> str:
        """The id of an execution's workflow.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            workflow_id = await repository.workflow_of(session, tenant_id, execution_id)
        if workflow_id is None:
            raise ExecutionNotFound
        return workflow_id

    async def steps(self, tenant_id: UUID, execution_id: UUID) -> StepExecutions:
        """Every step that has begun, in the order in which they began.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            row = await repository.get(session, tenant_id, execution_id)
            if row is None:
                raise ExecutionNotFound
            connection = await driver(session)
            version = await self._versions.get(connection, tenant_id, row.workflow_id, row.version_number)
            collector = StepCollector(State(row.input))
            while True:
                events = await events_page(connection, tenant_id, execution_id, collector.seq, EVENTS_AT_ONCE)
                collector.apply(events)
                if len(events) < EVENTS_AT_ONCE:
                    return StepExecutions(collector.steps(), row.workflow_id, version)
