"""What a script lets operators do that takes more than saying so: going back, trying again, passing over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from weftline.machine.rewinding import NoSuchPoint, Point, Search, Target
from weftline.machine.stimulus import RetryCompensation, RetryStep, Rewind, Skip, Stimulus
from weftline.model.status import ExecutionStatus
from weftline.model.stepkey import parse_key, undo_key
from weftline.testing.acts import AtAnyTime, ask
from weftline.testing.errors import ActRefused, InvalidScript
from weftline.testing.execution import Execution
from weftline.testing.world import World

ENDED_UNWELL = frozenset({ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.CANCELLED})


@dataclass(frozen=True)
class RollBack(AtAnyTime):
    """Undo what completed after a step, and go on from there; or everything, and rest.

    Attributes:
        to_step: the node; None: everything.
        redo: the step itself is undone and done again.
        rests: nothing goes on before somebody resumes it.
    """

    to_step: str | None = None
    redo: bool = False
    rests: bool = False

    def carry_out(self, world: World, execution: Execution) -> None:
        """Ask for it."""
        target = Target.START if self.to_step is None else Target.BEFORE if self.redo else Target.AFTER
        point = _point(execution, target, self.to_step, str(self))
        halts = self.rests or self.to_step is None
        ask(world, execution, Rewind(**point.rewind(undo=True, halts=halts)), str(self))

    def __str__(self) -> str:
        return "rolling back" if self.to_step is None else f"rolling back to '{self.to_step}'"


@dataclass(frozen=True)
class TryAgain:
    """Try again what failed, or do a step again.

    Attributes:
        step: the node; None: whatever the execution failed with, once it has.
        input: for the step, instead of what its definition maps.
        data: keys to set in the shared data before.
    """

    step: str | None = None
    input: Any = None
    data: dict[str, Any] | None = None
    waits: ClassVar[bool] = True

    def is_possible(self, world: World, execution: Execution) -> bool:
        """Whether something has failed for good, where no step is named."""
        state = execution.state
        is_stuck = state.undoing is not None and state.undoing.stuck is not None
        return self.step is not None or is_stuck or state.status in ENDED_UNWELL

    def carry_out(self, world: World, execution: Execution) -> None:
        """Ask for it."""
        ask(world, execution, self._stimulus(execution), str(self))

    def _stimulus(self, execution: Execution) -> Stimulus:
        state = execution.state
        if state.undoing is not None:
            return RetryCompensation(self.input)
        if self.step is None:
            point = _point(execution, Target.FAILURE, None, str(self))
        else:
            for step in state.open.values():
                if step.node == self.step and not step.is_undo and not step.lingers:
                    return RetryStep(step.key, self.input, self.data)
            point = _point(execution, Target.BEFORE, self.step, str(self))
        return Rewind(**point.rewind(undo=False, input=self.input, data=self.data))

    def __str__(self) -> str:
        return "retrying" if self.step is None else f"retrying '{self.step}'"


@dataclass(frozen=True)
class PassOver(AtAnyTime):
    """Pass over a step that is open, a compensation that failed, or the step whose failure ended the execution.

    Attributes:
        step: the node.
        output: taken as its output.
    """

    step: str
    output: Any = None

    def carry_out(self, world: World, execution: Execution) -> None:
        """Ask for it."""
        ask(world, execution, self._stimulus(execution), str(self))

    def _stimulus(self, execution: Execution) -> Stimulus:
        state = execution.state
        if state.undoing is not None and state.undoing.stuck is not None:
            return Skip(undo_key(state.undoing.stuck))
        if state.status in ENDED_UNWELL:
            point = _point(execution, Target.FAILURE, None, str(self))
            if point.failed is not None and parse_key(point.failed)[0] == self.step:
                node, scope, _ = parse_key(point.failed)
                return Rewind(**point.rewind(undo=False, skip=(node, scope), input=self.output))
        key = next((step.key for step in state.open.values() if step.node == self.step and not step.is_undo), None)
        if key is None:
            raise InvalidScript(f"{self}: the step is not open")
        return Skip(key, self.output)

    def __str__(self) -> str:
        return f"skipping '{self.step}'"


@dataclass(frozen=True)
class LoseWorker(AtAnyTime):
    """The worker that holds the execution is killed, and another goes on from what is stored."""

    def carry_out(self, world: World, execution: Execution) -> None:
        """Let it happen to every execution of the test."""
        for each in list(world.executions):
            world.lose_worker(each)

    def __str__(self) -> str:
        return "losing the worker"


def _point(execution: Execution, target: Target, node: str | None, act: str) -> Point:
    search = Search(execution.program, execution.input, target, node)
    search.scan(execution.events)
    try:
        search.locate()
    except NoSuchPoint as none:
        raise ActRefused(act, none.code, none.message) from none
    search.fold(execution.events)
    return search.point()
