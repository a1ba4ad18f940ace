"""Validating, submitting, approving and rejecting what people filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.database import Database, driver
from weftline.features.executions.commands import Command
from weftline.features.executions.errors import NotNow
from weftline.features.executions.operating.points import find_point
from weftline.features.executions.programs import load_run
from weftline.features.executions.steering import Acted, Steering
from weftline.machine.rewinding import Target
from weftline.model.event import EventType
from weftline.model.status import ExecutionStatus
from weftline.store.inbox import MessageKind
from weftline.store.log import events_of_type


class Validation(NamedTuple):
    """Whether what people filled in is valid.

    Attributes:
        workflow_id: whose execution it is.
        is_valid: None where no worker has looked yet.
        errors: everything that is wrong; see ``machine.review.errors``.
    """

    workflow_id: str
    is_valid: bool | None
    errors: Sequence[dict[str, Any]] = ()


class Reviewing:
    """The acts of a review. That the caller may do them has been checked.

    Args:
        database: where executions are.
        steering: asks them.
    """

    def __init__(self, database: Database, steering: Steering) -> None:
        self._database = database
        self._steering = steering

    async def begin(self, caller: Caller, execution_id: UUID) -> Acted:
        """Start a draft; raises as ``Steering.act``."""
        return await self._act(caller, execution_id, MessageKind.BEGIN)

    async def validate(self, caller: Caller, execution_id: UUID) -> Validation:
        """Look whether everything that people filled in is valid; raises as ``Steering.act``."""
        acted = await self._act(caller, execution_id, MessageKind.VALIDATE)
        workflow_id = acted.snapshot.row.workflow_id
        if not acted.is_effective:
            return Validation(workflow_id, None)
        async with self._database.transaction(caller.tenant_id) as session:
            found = await events_of_type(
                await driver(session), caller.tenant_id, execution_id, EventType.WORKFLOW_VALIDATED, acted.after
            )
        data = found[-1].data or {}
        return Validation(workflow_id, data["valid"], data.get("errors", ()))

    async def submit(self, caller: Caller, execution_id: UUID) -> Acted:
        """Submit an execution for approval; raises as ``Steering.act``."""
        return await self._act(caller, execution_id, MessageKind.SUBMIT)

    async def approve(self, caller: Caller, execution_id: UUID, comment: str | None) -> Acted:
        """Approve what was submitted; raises as ``Steering.act``."""
        return await self._act(caller, execution_id, MessageKind.APPROVE, comment=comment)

    async def reject(self, caller: Caller, execution_id: UUID, reason: str, to_step: str | None) -> Acted:
        """Send what was submitted back.

        Args:
            caller: who rejects it.
            execution_id: which.
            reason: why.
            to_step: the node to go back to; what came after it is undone. None: to validation.

        Raises:
            ExecutionNotFound, UnknownStep: there is nothing of that kind.
            NotNow: it cannot be rejected now, or not so.
        """
        if to_step is None:
            return await self._act(caller, execution_id, MessageKind.REJECT, reason=reason)
        async with self._database.transaction(caller.tenant_id, snapshot=True) as session:
            run = await load_run(session, caller.tenant_id, execution_id)
            if run.snapshot.status is not ExecutionStatus.SUBMITTED:
                raise NotNow("wrong_status", f"an execution that is {run.snapshot.status} cannot be rejected")
            point = await find_point(
                session, caller.tenant_id, run, Target.BEFORE, to_step, pointer="/toStepId", keeps_amendments=True
            )
        payload = point.rewind(undo=True, is_rejection=True, reason=reason, by=caller.name)
        return await self._steering.act(caller.tenant_id, execution_id, Command(MessageKind.REWIND, payload))

    async def _act(self, caller: Caller, execution_id: UUID, kind: MessageKind, **said: Any) -> Acted:
        command = Command(kind, {"by": caller.name, **said})
        return await self._steering.act(caller.tenant_id, execution_id, command)
