"""Undoing what an execution did, back to one of its steps or all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.executions.commands import Command
from weftline.features.executions.operating.points import find_point
from weftline.features.executions.programs import Run, load_run
from weftline.machine.rewinding import Point, Target
from weftline.store.inbox import MessageKind


@dataclass(frozen=True, slots=True)
class Rollback:
    """How far to roll back.

    Attributes:
        to_step: the node to go back to; None: everything is undone.
        redo: that node is done again, too; else it stays as it is.
        rests: it goes on only once somebody resumes it. Always so where everything is undone.
        reason: why, where somebody said.
    """

    to_step: str | None = None
    redo: bool = False
    rests: bool = False
    reason: str | None = None

    @property
    def target(self) -> Target:
        """What to look for in the log."""
        if self.to_step is None:
            return Target.START
        return Target.BEFORE if self.redo else Target.AFTER


class RollbackPlan(NamedTuple):
    """What a rollback would do to an execution.

    Attributes:
        run: the execution now.
        point: where it would go back to.
    """

    run: Run
    point: Point


async def plan_rollback(session: AsyncSession, tenant_id: UUID, execution_id: UUID, wanted: Rollback) -> RollbackPlan:
    """What a rollback would do.

    Args:
        session: bound to the tenant.
        tenant_id, execution_id: whose.
        wanted: how far.

    Raises:
        ExecutionNotFound, UnknownStep, NotNow: it cannot be rolled back there.
    """
    run = await load_run(session, tenant_id, execution_id)
    point = await find_point(session, tenant_id, run, wanted.target, wanted.to_step, pointer="/toStepId")
    return RollbackPlan(run, point)


def rollback_command(point: Point, wanted: Rollback, by: str) -> Command:
    """What to ask of the execution."""
    halts = wanted.rests or wanted.to_step is None
    return Command(MessageKind.REWIND, point.rewind(undo=True, halts=halts, reason=wanted.reason, by=by))
