"""Passing over a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.executions.commands import Command
from weftline.features.executions.operating.naming import StepName, not_open, open_step
from weftline.features.executions.operating.points import find_point
from weftline.features.executions.operating.retry import ENDED_UNWELL
from weftline.features.executions.programs import load_run
from weftline.machine.rewinding import Target
from weftline.model.stepkey import parse_key, undo_key
from weftline.store.inbox import MessageKind


@dataclass(frozen=True, slots=True)
class Skip:
    """What to pass over.

    Attributes:
        step: which step.
        output: taken as its output.
        reason: why, where somebody said.
    """

    step: StepName
    output: Any = None
    reason: str | None = None


async def plan_skip(session: AsyncSession, tenant_id: UUID, execution_id: UUID, wanted: Skip, by: str) -> Command:
    """What to ask of an execution so that it passes over an open step, a compensation that failed, or the step whose
    failure ended it.

    Args:
        session: bound to the tenant.
        tenant_id, execution_id: whose.
        wanted: which step.
        by: who asks.

    Raises:
        ExecutionNotFound, AmbiguousStep, NotNow: there is nothing to pass over.
    """
    run = await load_run(session, tenant_id, execution_id)
    state, name = run.snapshot.state, wanted.step
    told = {"reason": wanted.reason, "by": by}
    if state.undoing is not None:
        stuck = state.undoing.stuck
        if stuck is None or not name.fits(stuck):
            raise not_open(name)
        return Command(MessageKind.SKIP, {"step": undo_key(stuck), **told})
    if state.status not in ENDED_UNWELL:
        key = open_step(state, name)
        if key is None:
            raise not_open(name)
        return Command(MessageKind.SKIP, {"step": key, "output": wanted.output, **told})
    point = await find_point(session, tenant_id, run, Target.FAILURE)
    if point.failed is None or not name.fits(point.failed):
        raise not_open(name)
    node, scope, _ = parse_key(point.failed)
    return Command(MessageKind.REWIND, point.rewind(undo=False, skip=[node, scope], input=wanted.output, **told))
