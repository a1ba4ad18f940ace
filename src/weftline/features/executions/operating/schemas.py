"""The operator's tools on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from weftline.features.executions.operating.naming import StepName
from weftline.features.executions.operating.retry import RetryPlan
from weftline.features.executions.operating.rollback import RollbackPlan
from weftline.features.executions.schemas import ExecutionDetail, Reason, StepRef, UndoOut
from weftline.features.http.wire import Demand, Wire
from weftline.machine.rewinding import Effect
from weftline.model.stepkey import parse_key

StepId = Annotated[str, Field(min_length=1, max_length=128)]
StepKey = Annotated[str, Field(min_length=1, max_length=2000)]
DryRun = Annotated[bool, Field(description="Only say what would happen.")]

NO_COMPENSATION = "it has no compensation"


class RollbackBody(Demand):
    """How far to roll back."""

    to_step_id: Annotated[StepId | None, Field(description="Back to this step; absent: everything is undone.")] = None
    redo: Annotated[bool, Field(description="Do that step again; else its effect stays.")] = False
    dry_run: DryRun = False
    pause: Annotated[bool, Field(description="Let it rest until it is resumed.")] = False
    reason: Reason = None


class KeptOut(StepRef):
    """A step that has done something which cannot be undone."""

    reason: str

    @classmethod
    def of(cls, effect: Effect) -> KeptOut:
        """What a rollback leaves as it is."""
        return cls(step_id=parse_key(effect.key)[0], step_key=effect.key, reason=NO_COMPENSATION)


class RollbackPlanOut(Wire):
    """What a rollback would do."""

    to_step_id: str | None
    to_seq: Annotated[int, Field(description="Number of the last event that stays; 0: none.")]
    undone: Annotated[list[UndoOut], Field(description="What would be undone, in that order.")]
    cannot_undo: Annotated[list[KeptOut], Field(description="What was done since and stays, the newest first.")]
    cancelled: Annotated[list[StepRef], Field(description="What is open now and would be given up.")]

    @classmethod
    def of(cls, plan: RollbackPlan) -> RollbackPlanOut:
        """A plan as it is told."""
        point, entries = plan.point, plan.run.snapshot.state.undo
        return cls(
            to_step_id=point.step,
            to_seq=point.to_seq,
            undone=[UndoOut.of_entry(effect.key, entries[effect.key]) for effect in point.undone],
            cannot_undo=[KeptOut.of(effect) for effect in point.kept],
            cancelled=_steps(point.cancelled),
        )


class StepChoice(Demand):
    """Which step is meant."""

    step_id: Annotated[StepId | None, Field(description="Id of the node.")] = None
    step_key: Annotated[StepKey | None, Field(description="The activation, where the node is open several times.")] = (
        None
    )

    def name(self) -> StepName:
        """The step that is meant."""
        return StepName(self.step_id, self.step_key)


class RetryBody(StepChoice):
    """What to try again; without a step whatever failed."""

    input: Annotated[Any, Field(description="For the step, instead of its own.")] = None
    data: Annotated[dict[str, Any] | None, Field(description="Keys to set in the shared data before.")] = None
    reason: Reason = None
    dry_run: DryRun = False


class RetryPlanOut(Wire):
    """What a retry would do."""

    step_id: Annotated[str | None, Field(description="The step that is tried again, where it is known.")]
    side_effects: Annotated[list[StepRef], Field(description="Steps that were done, and may be done once more.")]
    cancelled: Annotated[list[StepRef], Field(description="What is open now and would be given up.")]

    @classmethod
    def of(cls, plan: RetryPlan) -> RetryPlanOut:
        """A plan as it is told."""
        return cls(
            step_id=None if plan.step is None else parse_key(plan.step)[0],
            side_effects=side_effects(plan),
            cancelled=_steps(plan.cancelled),
        )


class RetriedExecution(ExecutionDetail):
    """An execution that tries something again."""

    side_effects: Annotated[list[StepRef], Field(description="Steps that were done, and may be done once more.")]


class SkipBody(StepChoice):
    """Which step to pass over."""

    output: Annotated[Any, Field(description="Taken as its output.")] = None
    reason: Reason = None


class DataBody(Demand):
    """How to change an execution's shared data."""

    set: Annotated[dict[str, Any], Field(description="Keys and their new values.")] = Field(
        default_factory=dict[str, Any]
    )
    remove: Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=1000)] = Field(
        default_factory=list[str]
    )
    reason: Reason = None


class RestartBody(Demand):
    """How to start an execution anew."""

    input: Annotated[dict[str, Any] | None, Field(description="Instead of the first one's.")] = None
    data: Annotated[dict[str, Any] | None, Field(description="Keys to set in the input.")] = None
    latest: Annotated[bool, Field(description="Run the published version, not the one that the first ran.")] = False


class Restarted(Wire):
    """An execution that repeats another one."""

    id: UUID
    workflow_id: str
    version_number: int
    restarted_from: UUID


def side_effects(plan: RetryPlan) -> list[StepRef]:
    """What a retry may do once more."""
    return _steps([effect.key for effect in plan.effects])


def _steps(keys: Sequence[str]) -> list[StepRef]:
    return [StepRef.of_key(key) for key in keys]
