"""How tokens move, join, and are lost to failures. See ``weftline.machine.interpreter`` for the rules.

:class:`Tokens` lives for one turn. Whatever it does to the state it does by way of an event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from weftline.language.program import ExpressionError, Node, Program
from weftline.machine.command import Command, CommandKind
from weftline.machine.entering import ENTER
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import State
from weftline.machine.step import BRANCH_COMPLETED, EVENT, TASK, Step
from weftline.machine.values import Failure, truth
from weftline.model.errors import WorkflowError
from weftline.model.event import Event, EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import ROOT, branch_scope, key_of, owner_of, place_of

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
STEP_STARTED, STEP_COMPLETED, STEP_CANCELLED = (
    EventType.STEP_STARTED,
    EventType.STEP_COMPLETED,
    EventType.STEP_CANCELLED,
)
RUNNING = StepStatus.RUNNING

MAX_ENTRIES_PER_TURN = 100_000
"""Bound on the nodes entered in one turn. Validation refuses cycles that take no time; this is the second fence."""


class Tokens:
    """The tokens of one execution during one turn.

    Args:
        program: the compiled definition.
        state: the execution's state, brought up to date by every event.
        now: Unix seconds.
        facts: values of ``execution``, ``tenant`` and ``vars`` for expressions.

    Attributes:
        events: what happened in this turn.
        commands: what the engine is to do once that is stored.
    """

    __slots__ = ("_entering", "_queue", "_touched", "commands", "events", "facts", "now", "program", "state")

    def __init__(self, program: Program, state: State, now: float, facts: Mapping[str, Any]) -> None:
        self.program = program
        self.state = state
        self.now = now
        self.facts = facts
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self._queue: deque[tuple[str, str]] = deque()
        """Tokens on their way: node and scope."""
        self._entering: dict[str, int] = {}
        """Joins in the queue, and how often: entered already as far as their dependencies are concerned."""
        self._touched: dict[str, None] = {}
        """Branch scopes that a token left, to see whether the branch has ended. In order, for determinism."""

    def scope(self, scope: str, extra: Mapping[str, Any] | None = None) -> ExecutionScope:
        """The names that expressions see in a branch, and ``extra`` ones."""
        return ExecutionScope(self.state, self.facts, scope, extra)

    # --- events --------------------------------------------------------------------------------------------------

    def emit(self, type: EventType, key: str | None = None, data: dict[str, Any] | None = None) -> None:
        """Let something have happened."""
        event = Event(self.state.seq + 1, type, key, data, self.now)
        self.state.apply(event)
        self.events.append(event)

    def close(self, step: Step, type: EventType, data: dict[str, Any] | None = None) -> None:
        """Close an open step, and take back what was set up for it."""
        was_at_work = step.is_at_work if type is STEP_CANCELLED else False
        self.emit(type, step.key, data)
        if was_at_work:
            self.commands.append(Command(CommandKind.ABORT, step))
        elif step.waiting == EVENT:
            self.commands.append(Command(CommandKind.UNSUBSCRIBE, step))
        elif step.waiting == TASK and type is not STEP_COMPLETED:
            self.commands.append(Command(CommandKind.CLOSE_TASK, step))

    # --- moving ----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Move tokens until all rest; end branches and the execution where none is left."""
        state = self.state
        entries = 0
        while not state.has_ended:
            if self._queue:
                entries += 1
                if entries > MAX_ENTRIES_PER_TURN:
                    message = f"more than {MAX_ENTRIES_PER_TURN} steps without a wait"
                    self.fail_workflow(WorkflowError("runaway", message, retryable=False).to_json())
                    return
                node_id, scope = self._queue.popleft()
                if not scope or self._is_live(scope):
                    self._enter(node_id, scope)
            elif self._touched:
                self._end_branch(self._touched.popitem()[0])
            elif state.open or state.held or state.is_paused or state.started_at is None:
                return
            else:
                unmet = self._unmet_join(ROOT)
                if unmet is None:
                    self.complete_workflow()
                else:
                    self.fail_workflow(unmet.to_json())

    def send(self, node_id: str, scope: str) -> None:
        """Let a token enter a node: soon, or when the execution is resumed."""
        if self.state.is_paused:
            self.emit(EventType.STEP_HELD, place_of(node_id, scope))
            return
        if self.program.nodes[node_id].dependencies:
            place = place_of(node_id, scope)
            self._entering[place] = self._entering.get(place, 0) + 1
        self._queue.append((node_id, scope))

    def leave(self, node: Node, scope: str, targets: tuple[str, ...]) -> None:
        """Move a closed step's token on to ``targets`` and to the joins that it completes."""
        if scope:
            self._touched[scope] = None
        nodes = self.program.nodes
        for target in targets:
            # a join takes its tokens from its dependencies, below, whatever else points at it
            if not nodes[target].dependencies:
                self.send(target, scope)
        dependents = self.program.dependents.get(node.id)
        if dependents:
            for dependent in dependents:
                if self._is_joined(nodes[dependent], scope):
                    self.send(dependent, scope)

    def leave_aside(self, node: Node, step: Step, type: EventType, data: dict[str, Any], target: str) -> None:
        """Close a step that did not complete, and move its token to where the definition takes care of that.

        Dependencies on the step stay unsatisfied, unless the way leads straight into one of the nodes that have them.
        """
        data["next"] = target
        if node.id in self.program.nodes[target].dependencies:
            data["continued"] = True
        self.close(step, type, data)
        self.leave(node, step.scope, (target,))

    def _is_joined(self, node: Node, scope: str) -> bool:
        """Whether every dependency was left once more than the join was entered."""
        state = self.state
        place = place_of(node.id, scope)
        entered = state.visits.get(place, 0) + self._entering.get(place, 0)
        if scope in state.held:
            entered += state.held[scope].count(node.id)
        done = state.done
        return all(done.get(place_of(dependency, scope), 0) > entered for dependency in node.dependencies)

    def _is_live(self, scope: str) -> bool:
        """Whether a branch is still at work. It may have been cancelled after a token was sent into it."""
        key, number = owner_of(scope)
        owner = self.state.open.get(key)
        return owner is not None and owner.branches is not None and number not in owner.branches.results

    def _enter(self, node_id: str, scope: str) -> None:
        """A token enters a node."""
        node = self.program.nodes[node_id]
        place = place_of(node_id, scope)
        if node.dependencies:
            self._entering[place] -= 1
        key = key_of(node_id, scope, self.state.visits.get(place, 0) + 1)
        try:
            if node.when is not None and not truth(node.when.evaluate(self.scope(scope)), "when"):
                self.emit(EventType.STEP_SKIPPED, key)
                self.leave(node, scope, node.next)
                return
            ENTER[node.kind](self, node, scope, key)
        except (Failure, ExpressionError) as failure:
            # a step that could not even begin still shows in the log as one that failed
            self.emit(STEP_STARTED, key)
            error = WorkflowError(failure.code, failure.message, retryable=False)
            self.fail_step(node, self.state.open[key], error.to_json())

    # --- completing ------------------------------------------------------------------------------------------------

    def complete_step(
        self,
        node: Node,
        step: Step,
        output: Any,
        targets: tuple[str, ...],
        data: dict[str, Any] | None = None,
        signal: str | None = None,
    ) -> None:
        """Close an open step with its output, map it into the shared data, and move on.

        Args:
            node, step: which.
            output: JSON.
            targets: where its token goes.
            data: what to merge into the shared data besides what the node's output mapping says.
            signal: name of the signal that this uses up.
        """
        patch = data
        if node.output is not None:
            names = self.scope(step.scope, {"result": output})
            try:
                mapped = {name: template.render(names) for name, template in node.output.items()}
            except ExpressionError as failure:
                error = WorkflowError(failure.code, f"output mapping: {failure.message}", retryable=False)
                self.fail_step(node, step, error.to_json(), signal)
                return
            patch = {**patch, **mapped} if patch else mapped
        facts: dict[str, Any] = {}
        if output is not None:
            facts["output"] = output
        if patch:
            facts["data"] = patch
        if signal is not None:
            facts["signal"] = signal
        self.close(step, STEP_COMPLETED, facts or None)
        self.leave(node, step.scope, targets)

    def resume_wait(self, node: Node, step: Step) -> None:
        """Let a waiting step go on with the signal kept for it, or else with the oldest of its name."""
        assert step.event is not None
        signals = step.received if step.received is not None else self.state.signals[step.event]
        self.complete_step(node, step, signals[0], node.next, signal=step.event)

    def complete_workflow(self) -> None:
        """End the execution well, whatever else is still open."""
        output = self.state.last_output
        if self.program.output is not None:
            try:
                output = self.program.output.render(self.scope(ROOT))
            except ExpressionError as failure:
                self.fail_workflow(WorkflowError(failure.code, f"output: {failure.message}", retryable=False).to_json())
                return
        self.cancel_all("terminated")
        self.emit(EventType.WORKFLOW_COMPLETED, None, None if output is None else {"output": output})

    def _end_branch(self, scope: str) -> None:
        """See whether a branch has ended, and whether the parallel step around it can be joined."""
        state = self.state
        if state.working.get(scope) or scope in state.held or not self._is_live(scope):
            return
        key, number = owner_of(scope)
        owner = state.open[key]
        unmet = self._unmet_join(scope)
        if unmet is not None:
            self._fail_branch(owner, number, unmet.to_json())
            return
        self.emit(EventType.BRANCH_COMPLETED, key, {"branch": number})
        node = self.program.nodes[owner.node]
        branches = owner.branches
        assert branches is not None
        if branches.completed >= node.join:
            ended_well = sorted(number for number, result in branches.results.items() if result == BRANCH_COMPLETED)
            output = {node.branches[number].name: branches.outputs.get(number) for number in ended_well}
            self._cancel_branches(owner, "join_met")
            self.complete_step(node, owner, output, node.next)

    def _unmet_join(self, scope: str) -> WorkflowError | None:
        """The error to report where a scope came to rest with tokens stuck before a join."""
        done, visits = self.state.done, self.state.visits
        for node_id in self.program.joins:
            dependencies = self.program.nodes[node_id].dependencies
            entered = visits.get(place_of(node_id, scope), 0)
            missing = [name for name in dependencies if done.get(place_of(name, scope), 0) <= entered]
            if len(missing) < len(dependencies):
                arrived = [name for name in dependencies if name not in missing]
                return WorkflowError(
                    "join_never_met",
                    f"'{node_id}' still waits for {', '.join(missing)}, and nothing is left that could get there",
                    {"arrived": arrived, "missing": missing},
                    retryable=False,
                    step_id=node_id,
                )
        return None

    # --- failing ---------------------------------------------------------------------------------------------------

    def fail_step(self, node: Node, step: Step, error: dict[str, Any], signal: str | None = None) -> None:
        """A step has failed for good: find who handles it, from the inside out.

        Args:
            node, step: which.
            error: a WorkflowError's JSON.
            signal: name of the signal that this uses up.
        """
        error = {**error, "stepId": error.get("stepId", step.node)}
        facts: dict[str, Any] = {"error": error}
        if signal is not None:
            facts["signal"] = signal
        if step.branches is not None:
            self._cancel_branches(step, "branch_failed")
        for route in node.on_error:
            if route.codes is None or error["code"] in route.codes:
                self.leave_aside(node, step, EventType.STEP_FAILED, facts, route.target)
                return
        if not node.critical:
            facts["continued"] = True
            self.close(step, EventType.STEP_FAILED, facts)
            self.leave(node, step.scope, node.next)
            return
        self.close(step, EventType.STEP_FAILED, facts)
        if step.scope:
            key, number = owner_of(step.scope)
            self._fail_branch(self.state.open[key], number, error)
        else:
            self.fail_workflow(error)

    def fail_workflow(self, error: dict[str, Any]) -> None:
        """End the execution with an error (a WorkflowError's JSON)."""
        self.cancel_all("workflow_failed")
        self.emit(EventType.WORKFLOW_FAILED, None, {"error": error})

    def _fail_branch(self, owner: Step, number: int, error: dict[str, Any]) -> None:
        """A branch has failed; the parallel step fails with it once its join can no longer be met."""
        self._cancel_scope(branch_scope(owner.node, owner.scope, owner.visit, number), "branch_failed")
        self.emit(EventType.BRANCH_FAILED, owner.key, {"branch": number, "error": error})
        node = self.program.nodes[owner.node]
        assert owner.branches is not None
        if len(node.branches) - owner.branches.failed < node.join:
            self.fail_step(node, owner, error)

    # --- cancelling: each is linear in what it cancels -----------------------------------------------------------

    def cancel_all(self, reason: str) -> None:
        """Cancel every open step, the inner before the outer ones."""
        for step in reversed(list(self.state.open.values())):
            self.close(step, STEP_CANCELLED, {"reason": reason})

    def _cancel_branches(self, parallel: Step, reason: str) -> None:
        """Cancel every open step in the branches of a parallel step that are still at work."""
        assert parallel.branches is not None
        for number in range(len(self.program.nodes[parallel.node].branches)):
            if number not in parallel.branches.results:
                self._cancel_scope(branch_scope(parallel.node, parallel.scope, parallel.visit, number), reason)

    def _cancel_scope(self, scope: str, reason: str) -> None:
        """Cancel every open step in a scope and in the scopes inside it."""
        for step in reversed(list(self.state.working.get(scope, {}).values())):
            if step.branches is not None:
                self._cancel_branches(step, reason)
            self.close(step, STEP_CANCELLED, {"reason": reason})
