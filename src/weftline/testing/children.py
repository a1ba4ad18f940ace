"""Executions that others start, within a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from weftline.language.program import Program
from weftline.machine.command import ChildSpec
from weftline.machine.state import State
from weftline.machine.step import Step
from weftline.machine.stimulus import ChildEnded, ChildUndone, Rewind
from weftline.model.errors import WorkflowError
from weftline.model.status import ExecutionStatus
from weftline.model.stepkey import UNDO
from weftline.testing.behaviour import Mocks
from weftline.testing.errors import UnknownWorkflow
from weftline.testing.execution import Above, Execution
from weftline.testing.outcomes import CHANCE, error_json, normalised, value_of

if TYPE_CHECKING:
    from weftline.testing.world import World

MAX_DEPTH = 32
"""Executions that may be above one."""


class Children:
    """Starts executions for others, and tells those what became of them.

    Args:
        world: where.
        programs: the workflows that there are, by id.
        mocks: what stands in for others.
    """

    def __init__(self, world: World, programs: Mapping[str, Program], mocks: Mocks) -> None:
        self._world = world
        self._programs = programs
        self._mocks = mocks
        self._calls: Counter[str] = Counter()

    def start(self, execution: Execution, step: Step, spec: ChildSpec) -> None:
        """Start what an execution wants started.

        Raises:
            UnknownWorkflow: the test neither has nor mocks it.
        """
        depth = 1 if execution.above is None else execution.above.depth + 1
        above = Above(execution, step.known_as, spec.waits, depth)
        if spec.workflow_id in self._mocks.workflows:
            self._pretend(above, step.node, spec)
            return
        program = self._programs.get(spec.workflow_id)
        if program is None:
            raise UnknownWorkflow(spec.workflow_id, step.node)
        error = _refusal(program, spec, depth)
        if error is not None:
            failed = ChildEnded(above.step, str(spec.id), ExecutionStatus.FAILED.value, error=error.to_json())
            self._world.send(execution, failed)
            return
        child = self._world.made(spec.id, program, spec.input, above)

        async def begin() -> None:
            self._world.begin(child)

        self._world.soon(begin)

    def report_end(self, execution: Execution) -> None:
        """Let whoever waits for an execution know that it has ended."""
        above, state = execution.above, execution.state
        if above is not None and above.waits:
            ended = ChildEnded(above.step, str(execution.id), state.status.value, state.output, state.error, CHANCE)
            self._world.send(above.execution, ended)

    def roll_back(self, execution: Execution, step: Step) -> None:
        """Undo what a child did; there may be nothing to undo, or somebody else may be about to."""
        key = step.key.removeprefix(UNDO)
        child = self._world.find(step.child)
        if child is None:
            # what stands in for it
            self._world.send(execution, ChildUndone(key, None, step.child))
            return
        state = child.state
        if state.status is ExecutionStatus.ROLLED_BACK and not state.undo:
            self._world.send(execution, ChildUndone(key, None, step.child))
        elif state.status is ExecutionStatus.COMPENSATING:
            error = WorkflowError("being_undone", "somebody else is undoing the execution at the moment")
            self._world.send(execution, ChildUndone(key, error.to_json(), step.child))
        else:
            self._world.send(
                child,
                Rewind(
                    to_seq=0,
                    state=State(child.input).to_json(),
                    expected_rewinds=state.rewinds,
                    halts=True,
                    for_parent=True,
                    reason="the execution that started it is being undone",
                ),
            )

    def _pretend(self, above: Above, node: str, spec: ChildSpec) -> None:
        """Let a mock stand in for an execution."""
        behaviour = self._mocks.workflows[spec.workflow_id].at(self._calls[spec.workflow_id])
        self._calls[spec.workflow_id] += 1

        async def end() -> None:
            try:
                output = normalised(await value_of(behaviour, spec.input))
                ended = ChildEnded(above.step, str(spec.id), ExecutionStatus.COMPLETED.value, output)
            except AssertionError:
                # the mock's own, and the test's
                raise
            except Exception as error:
                failed = ExecutionStatus.FAILED.value
                ended = ChildEnded(above.step, str(spec.id), failed, None, error_json(error, node), CHANCE)
            if above.waits:
                self._world.send(above.execution, ended, behaviour.takes)

        self._world.soon(end)


def _refusal(program: Program, spec: ChildSpec, depth: int) -> WorkflowError | None:
    """Why an execution cannot be started, or None where it can."""
    if depth > MAX_DEPTH:
        return WorkflowError("too_deep", f"more than {MAX_DEPTH} executions would be above it", retryable=False)
    flaws = [] if program.input_schema is None else program.input_schema.errors(spec.input)
    if not flaws:
        return None
    details = {"errors": [{"pointer": pointer, "message": message} for pointer, message in flaws]}
    message = "the input does not fit the workflow's input schema"
    return WorkflowError("invalid_input", message, details, retryable=False)
