"""Trying again: what failed, what is waiting for its next attempt, or any step that has begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.executions.commands import Command
from weftline.features.executions.errors import AmbiguousStep, NotNow
from weftline.features.executions.operating.naming import StepName, not_open, open_step
from weftline.features.executions.operating.points import find_point
from weftline.features.executions.programs import Run, load_run
from weftline.machine.rewinding import Effect, Point, Target
from weftline.machine.state import State
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import ROOT, parse_key, undo_key
from weftline.store.inbox import MessageKind

ENDED_UNWELL = frozenset({ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Retry:
    """What to try again.

    Attributes:
        step: which step; where none is named, whatever failed.
        input: for that step, instead of its own.
        data: keys to set in the shared data.
        reason: why, where somebody said.
    """

    step: StepName = field(default_factory=StepName)
    input: Any = None
    data: dict[str, Any] | None = None
    reason: str | None = None


class RetryPlan(NamedTuple):
    """What a retry does.

    Attributes:
        command: what to ask of the execution.
        step: key of the step that is tried again, or its node's id; None where it is not known.
        effects: steps that have done something, and may do it once more; the newest first.
        cancelled: keys of the steps that are open now and are given up.
    """

    command: Command
    step: str | None = None
    effects: Sequence[Effect] = ()
    cancelled: Sequence[str] = ()


async def plan_retry(session: AsyncSession, tenant_id: UUID, execution_id: UUID, wanted: Retry, by: str) -> RetryPlan:
    """What to ask of an execution so that it tries something again.

    Args:
        session: bound to the tenant.
        tenant_id, execution_id: whose.
        wanted: what to try again.
        by: who asks.

    Raises:
        ExecutionNotFound, UnknownStep, AmbiguousStep, NotNow: there is nothing to try again.
    """
    run = await load_run(session, tenant_id, execution_id)
    state, name = run.snapshot.state, wanted.step
    if state.undoing is not None:
        return _of_compensation(state, wanted, by)
    if name.is_given:
        key = open_step(state, name)
        if key is not None:
            return _of_open_step(key, wanted, by)
        if name.id is None:
            raise not_open(name)
        point = await find_point(session, tenant_id, run, Target.BEFORE, name.id, pointer="/stepId")
        return _of_point(point, name.id, wanted, by)
    if state.status in ENDED_UNWELL:
        return await _of_failure(session, tenant_id, run, wanted, by)
    retrying = [step.key for step in state.open.values() if step.status is StepStatus.RETRYING]
    if len(retrying) > 1:
        raise AmbiguousStep("What waits for its next attempt", retrying)
    if not retrying:
        raise NotNow("nothing_to_retry", "nothing of the execution has failed; name the step to do again")
    return _of_open_step(retrying[0], wanted, by)


def _of_compensation(state: State, wanted: Retry, by: str) -> RetryPlan:
    assert state.undoing is not None
    stuck = state.undoing.stuck
    if stuck is None:
        raise NotNow("being_undone", "the execution is being undone")
    if not wanted.step.fits(stuck):
        raise NotNow("being_undone", f"the execution is being undone, and what failed is the undoing of '{stuck}'")
    if wanted.data is not None:
        raise NotNow("being_undone", "what is undone has its input since it completed; the shared data change nothing")
    return RetryPlan(Command(MessageKind.RETRY_COMPENSATION, {"input": wanted.input, "by": by}), undo_key(stuck))


def _of_open_step(key: str, wanted: Retry, by: str) -> RetryPlan:
    payload = {"step": key, "input": wanted.input, "data": wanted.data, "by": by}
    return RetryPlan(Command(MessageKind.RETRY_STEP, payload), key)


async def _of_failure(session: AsyncSession, tenant_id: UUID, run: Run, wanted: Retry, by: str) -> RetryPlan:
    point = await find_point(session, tenant_id, run, Target.FAILURE)
    if wanted.input is not None:
        node, scope, _ = (None, ROOT, 1) if point.failed is None else parse_key(point.failed)
        if node is None or scope != ROOT:
            raise NotNow("step_not_named", "name the step that the input is for")
        point = await find_point(session, tenant_id, run, Target.BEFORE, node)
    return _of_point(point, point.failed, wanted, by)


def _of_point(point: Point, step: str | None, wanted: Retry, by: str) -> RetryPlan:
    payload = point.rewind(undo=False, input=wanted.input, data=wanted.data, reason=wanted.reason, by=by)
    effects = sorted((*point.undone, *point.kept), key=lambda effect: effect.seq, reverse=True)
    return RetryPlan(Command(MessageKind.REWIND, payload), step, effects, point.cancelled)
