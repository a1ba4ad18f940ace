"""What operators do to one execution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.database import Database
from weftline.features.executions.commands import Command
from weftline.features.executions.demand import StartDemand
from weftline.features.executions.operating.retry import Retry, RetryPlan, plan_retry
from weftline.features.executions.operating.rollback import Rollback, RollbackPlan, plan_rollback, rollback_command
from weftline.features.executions.operating.skip import Skip, plan_skip
from weftline.features.executions.reader import ExecutionReader
from weftline.features.executions.repeating import check_repeated
from weftline.features.executions.starter import Started, Starter
from weftline.features.executions.steering import Acted, Steering
from weftline.store.inbox import MessageKind


@dataclass(frozen=True, slots=True)
class Restart:
    """How to start an execution anew.

    Attributes:
        input: instead of the first one's; None: the same.
        data: keys to set in it.
        latest: run the published version instead of the one that the first ran.
        idempotency_key: a second restart under the same key finds the first.
    """

    input: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
    latest: bool = False
    idempotency_key: str | None = None


class Operating:
    """The operator's tools. That the caller may use them has been checked.

    Args:
        database: where executions are.
        reader: reads them.
        steering: asks them.
        starter: starts them.
    """

    def __init__(self, database: Database, reader: ExecutionReader, steering: Steering, starter: Starter) -> None:
        self._database = database
        self._reader = reader
        self._steering = steering
        self._starter = starter

    async def plan_rollback(self, caller: Caller, execution_id: UUID, wanted: Rollback) -> RollbackPlan:
        """What a rollback would do; raises as ``rollback.plan_rollback``."""
        async with self._database.transaction(caller.tenant_id, snapshot=True) as session:
            return await plan_rollback(session, caller.tenant_id, execution_id, wanted)

    async def roll_back(self, caller: Caller, execution_id: UUID, wanted: Rollback) -> Acted:
        """Undo what an execution did.

        Raises:
            ExecutionNotFound, UnknownStep: there is nothing of that kind.
            NotNow: it cannot be rolled back there.
        """
        _, point = await self.plan_rollback(caller, execution_id, wanted)
        command = rollback_command(point, wanted, caller.name)
        return await self._steering.act(caller.tenant_id, execution_id, command)

    async def plan_retry(self, caller: Caller, execution_id: UUID, wanted: Retry) -> RetryPlan:
        """What a retry would do; raises as ``retry.plan_retry``."""
        async with self._database.transaction(caller.tenant_id, snapshot=True) as session:
            return await plan_retry(session, caller.tenant_id, execution_id, wanted, caller.name)

    async def retry(self, caller: Caller, execution_id: UUID, wanted: Retry) -> tuple[Acted, RetryPlan]:
        """Try something again.

        Raises:
            ExecutionNotFound, UnknownStep: there is nothing of that kind.
            AmbiguousStep, NotNow: it cannot be tried again.
        """
        plan = await self.plan_retry(caller, execution_id, wanted)
        return await self._steering.act(caller.tenant_id, execution_id, plan.command), plan

    async def skip(self, caller: Caller, execution_id: UUID, wanted: Skip) -> Acted:
        """Pass over a step.

        Raises:
            ExecutionNotFound: there is none of this id.
            AmbiguousStep, NotNow: it cannot be passed over.
        """
        async with self._database.transaction(caller.tenant_id, snapshot=True) as session:
            command = await plan_skip(session, caller.tenant_id, execution_id, wanted, caller.name)
        return await self._steering.act(caller.tenant_id, execution_id, command)

    async def change_data(
        self, caller: Caller, execution_id: UUID, data: dict[str, Any], remove: list[str], reason: str | None
    ) -> Acted:
        """Set and remove keys of an execution's shared data.

        Raises:
            ExecutionNotFound, ExecutionEnded: there is nothing to change.
        """
        payload = {"data": data, "remove": remove, "reason": reason, "by": caller.name}
        return await self._steering.act(caller.tenant_id, execution_id, Command(MessageKind.CHANGE_DATA, payload))

    async def restart(self, caller: Caller, execution_id: UUID, wanted: Restart) -> Started:
        """Start a new execution as another one was started; that one stays as it is.

        Raises:
            ExecutionNotFound: there is none of this id.
            WorkflowArchived, InvalidInput, InvalidSettings, ConcurrencyLimit: it cannot be started.
            IdempotencyKeyReused: the key was used for another restart.
        """
        row, _ = snapshot = await self._reader.get(caller.tenant_id, execution_id)
        demand = StartDemand(
            input={**(row.input if wanted.input is None else wanted.input), **(wanted.data or {})},
            idempotency_key=wanted.idempotency_key,
            tags=row.tags,
            attributes=row.attributes,
            priority=row.priority,
            version=None if wanted.latest else snapshot.version_number,
            restarted_from=execution_id,
            context=row.context,
        )
        started = await self._starter.start(caller.tenant_id, row.workflow_id, demand)
        await check_repeated(self._reader, caller.tenant_id, demand, started)
        return started
