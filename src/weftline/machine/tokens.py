"""How tokens move, join, and are lost to failures. See ``weftline.machine.interpreter`` for the rules.

:class:`Tokens` lives for one turn. Whatever it does to the state it does by way of an event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from weftline.language.program import FALLBACK_NODE, ExpressionError, Node, Program, Strategy
from weftline.machine.command import NO_STEP, Command, CommandKind, UndoneSpec
from weftline.machine.entering import ENTER
from weftline.machine.folding import apply
from weftline.machine.looping import go_round, iteration_ended, iteration_failed
from weftline.machine.notices import notices
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import State
from weftline.machine.step import BRANCH_COMPLETED, CHILD, EVENT, TASK, Branches, Loop, Step
from weftline.machine.undo import CANCEL, FAIL, TIME_OUT
from weftline.machine.undoing import start_undoing, undo_next, undo_of, undoing_stopped
from weftline.machine.values import Failure, names, seconds, truth
from weftline.model.errors import WorkflowError
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import ROOT, branch_scope, key_of, owner_of, place_of

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
STEP_STARTED, STEP_COMPLETED, STEP_CANCELLED = (
    EventType.STEP_STARTED,
    EventType.STEP_COMPLETED,
    EventType.STEP_CANCELLED,
)
WAITING = StepStatus.WAITING
SUBMITTED, COMPENSATING = ExecutionStatus.SUBMITTED, ExecutionStatus.COMPENSATING

UNDER_WAY = frozenset({ExecutionStatus.RUNNING, ExecutionStatus.PAUSED})
"""Where a fallback can take over: the execution has begun, and is neither under review nor being undone."""

GIVEN_UP = frozenset({EventType.STEP_CANCELLED, EventType.STEP_SKIPPED})
"""Events with which a step may end while its action is still at work."""

ENDINGS = {
    FAIL: EventType.WORKFLOW_FAILED,
    TIME_OUT: EventType.WORKFLOW_TIMED_OUT,
    CANCEL: EventType.WORKFLOW_CANCELLED,
}

MAX_IN_FLIGHT = 64
"""Tokens on their way that an event tells of at most."""

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
        inputs: for places that are entered in this turn, the input that somebody wants instead of the mapped one.
        passed_over: places that are not to be entered in this turn but skipped, and what their events say.
        calling: what the next event of a step says of the function's call that it is, or None.
    """

    __slots__ = (
        "_cause",
        "_entering",
        "_queue",
        "_touched",
        "calling",
        "commands",
        "events",
        "facts",
        "inputs",
        "now",
        "passed_over",
        "program",
        "state",
    )

    def __init__(self, program: Program, state: State, now: float, facts: Mapping[str, Any]) -> None:
        self.program = program
        self.state = state
        self.now = now
        self.facts = facts
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.inputs: dict[str, Any] = {}
        self.passed_over: dict[str, dict[str, Any]] = {}
        self.calling: dict[str, Any] | None = None
        self._cause: int | None = None
        """Number of the first of the events by which a failure goes its way outwards."""
        self._queue: deque[tuple[str, str, bool]] = deque()
        """Tokens on their way: node, scope, and whether it is the first of its branch or iteration."""
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
        if self._queue and key is not None:
            data = self._with_tokens(data)
        if self.calling is not None and key is not None:
            data = {**(data or {}), **self.calling}
            self.calling = None
        event = Event(self.state.seq + 1, type, key, data, self.now)
        apply(self.state, event)
        self.events.append(event)

    def _with_tokens(self, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """An event's data, with the tokens that are on their way: the fold has no use for them, going back here has.

        The first token of a branch or an iteration is known without: nothing has happened there yet.
        """
        tokens = [[node, scope] for node, scope, is_first in self._queue if not is_first]
        if not tokens:
            return data
        # so many are not worth their place; nobody can go back to here then
        return {**(data or {}), "inFlight": tokens if len(tokens) <= MAX_IN_FLIGHT else None}

    def close(self, step: Step, type: EventType, data: dict[str, Any] | None = None) -> None:
        """Close an open step, and take back what was set up for it."""
        was_at_work = step.is_at_work if type in GIVEN_UP else False
        waiting = step.waiting
        has_child = waiting == CHILD and step.status is WAITING
        has_job = step.awaits_job
        if has_child and type is not STEP_COMPLETED:
            # whatever it has done so far can be undone as well
            data = {**(data or {}), "undo": {"child": step.child}}
        self.emit(type, step.key, data)
        if was_at_work:
            self.commands.append(Command(CommandKind.ABORT, step))
        elif waiting is None:
            pass
        elif waiting == EVENT:
            self.commands.append(Command(CommandKind.UNSUBSCRIBE, step))
        elif waiting == TASK and type is not STEP_COMPLETED:
            self.commands.append(Command(CommandKind.CLOSE_TASK, step))
        elif has_job and type is not STEP_COMPLETED:
            self.commands.append(Command(CommandKind.CLOSE_JOB, step))
        elif has_child and type is not STEP_COMPLETED:
            self.commands.append(Command(CommandKind.CANCEL_CHILD, step))

    def start(self, by: str | None = None) -> None:
        """Let the execution begin, by somebody or by itself."""
        facts: dict[str, Any] = {}
        if self.program.timeout is not None:
            facts["deadline"] = self.now + self.program.timeout
        if by is not None:
            facts["by"] = by
        self.emit(EventType.WORKFLOW_STARTED, None, facts or None)
        for node_id in self.program.start:
            self.send(node_id, ROOT)

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
                node_id, scope, _ = self._queue.popleft()
                if not scope or self._is_live(scope):
                    self._enter(node_id, scope)
            elif self._touched:
                self._end_branch(self._touched.popitem()[0])
            elif state.undoing is not None:
                if not undo_next(self):
                    return
            elif state.open or state.held or state.is_paused or state.is_resting or state.started_at is None:
                return
            elif self.program.function is not None and not state.visits.get(FALLBACK_NODE):
                # it says itself when it has come to its end
                return
            else:
                unmet = self._unmet_join(ROOT)
                if unmet is None:
                    self.complete_workflow()
                else:
                    self.fail_workflow(unmet.to_json())

    def send(self, node_id: str, scope: str, *, is_first: bool = False) -> None:
        """Let a token enter a node: soon, or when the execution is resumed.

        Args:
            node_id, scope: where.
            is_first: it begins a branch or an iteration.
        """
        if self.state.is_paused:
            self.emit(EventType.STEP_HELD, place_of(node_id, scope))
            return
        if self.program.nodes[node_id].dependencies:
            place = place_of(node_id, scope)
            self._entering[place] = self._entering.get(place, 0) + 1
        self._queue.append((node_id, scope, is_first))

    def leave(self, node: Node, scope: str, targets: tuple[str, ...]) -> None:
        """Move a closed step's token on to ``targets`` and to the joins that it completes."""
        if scope:
            self._touched[scope] = None
        nodes = self.program.nodes
        for target in targets:
            # a join takes its tokens from its dependencies, below, whatever else points at it
            if not nodes[target].dependencies:
                self.send(target, scope)
        if node.id in self.program.dependents:
            self.look_at_joins(node.id, scope)

    def look_at_joins(self, node_id: str, scope: str) -> None:
        """Enter the joins that waited for a node only."""
        for dependent in self.program.dependents.get(node_id, ()):
            if self._is_joined(self.program.nodes[dependent], scope):
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
        entered = state.entered(place) + self._entering.get(place, 0)
        if scope in state.held:
            entered += state.held[scope].count(node.id)
        done = state.done
        return all(done.get(place_of(dependency, scope), 0) > entered for dependency in node.dependencies)

    def _is_live(self, scope: str) -> bool:
        """Whether a branch is still at work. It may have been cancelled after a token was sent into it."""
        key, number = owner_of(scope)
        owner = self.state.open.get(key)
        return owner is not None and owner.branches is not None and owner.branches.is_live(number)

    def _enter(self, node_id: str, scope: str) -> None:
        """A token enters a node."""
        node = self.program.nodes[node_id]
        place = place_of(node_id, scope)
        if node.dependencies:
            self._entering[place] -= 1
        visits = self.state.visits
        key = key_of(node_id, scope, visits.get(place, self.state.floor) + 1)
        try:
            if self.passed_over and place in self.passed_over:
                facts = self.passed_over.pop(place)
                targets = self.way_on(node, scope, facts.get("output"))
                self.emit(EventType.STEP_SKIPPED, key, facts)
                self.leave(node, scope, targets)
                return
            if node.when is not None and not truth(node.when.evaluate(self.scope(scope)), "when"):
                targets = self.way_on(node, scope, None)
                self.emit(EventType.STEP_SKIPPED, key)
                self.leave(node, scope, targets)
                return
            ENTER[node.kind](self, node, scope, key)
        except (Failure, ExpressionError) as failure:
            # a step that could not even begin still shows in the log as one that failed
            self.emit(STEP_STARTED, key)
            error = WorkflowError(failure.code, failure.message, retryable=False)
            self.fail_step(node, self.state.open[key], error.to_json())

    def way_on(self, node: Node, scope: str, output: Any) -> tuple[str, ...]:
        """Where a token goes from a node by its ``next``.

        Raises:
            Failure, ExpressionError: an expression chooses, and not well.
        """
        if node.choose_next is None:
            return node.next
        chosen = names(node.choose_next.render(self.scope(scope, {"result": output})), "next")
        strangers = [name for name in chosen if name not in node.next]
        if strangers:
            known = ", ".join(node.next)
            raise Failure("unknown_node", f"`next` of '{node.id}' chose '{strangers[0]}', and may choose {known}")
        return tuple(dict.fromkeys(chosen))

    def open_step(self, node: Node, scope: str, key: str, data: dict[str, Any] | None) -> Step:
        """Open a step that takes time.

        Args:
            node, scope, key: which.
            data: of its event.
        """
        if node.deadline is not None:
            due = self.now + seconds(node.deadline, self.scope(scope), "deadline")
            data = {**(data or {}), "deadline": due}
        self.emit(STEP_STARTED, key, data)
        return self.state.open[key]

    # --- completing ------------------------------------------------------------------------------------------------

    def complete_step(
        self,
        node: Node,
        step: Step,
        output: Any,
        targets: tuple[str, ...],
        data: dict[str, Any] | None = None,
        signal: str | None = None,
        extra: Mapping[str, Any] | None = None,
        lingers: bool = False,
        report: Mapping[str, Any] | None = None,
    ) -> None:
        """Close an open step with its output, map it into the shared data, and move on.

        Args:
            node, step: which.
            output: JSON.
            targets: where its token goes.
            data: what to merge into the shared data besides what the node's output mapping says.
            signal: name of the signal that this uses up.
            extra: names that the output mapping sees besides ``result``.
            lingers: some of its branches are left to finish.
            report: what its action says of its result.
        """
        patch = data
        try:
            if node.choose_next is not None and targets is node.next:
                targets = self.way_on(node, step.scope, output)
            if node.output is not None:
                visible = self.scope(step.scope, {"result": output, **(extra or {})})
                mapped = {name: template.render(visible) for name, template in node.output.items()}
                patch = {**patch, **mapped} if patch else mapped
        except Failure as failure:
            # `next` chose what it may not; the message says so
            error = WorkflowError(failure.code, failure.message, retryable=False)
            self.fail_step(node, step, error.to_json(), signal)
            return
        except ExpressionError as failure:
            error = WorkflowError(failure.code, f"output mapping: {failure.message}", retryable=False)
            self.fail_step(node, step, error.to_json(), signal)
            return
        facts: dict[str, Any] = {}
        if output is not None:
            facts["output"] = output
        if patch:
            facts["data"] = patch
        if signal is not None:
            facts["signal"] = signal
        if report is not None:
            facts["report"] = report
        if targets is not node.next:
            facts["next"] = list(targets)
        if node.compensate is not None:
            facts["undo"] = undo_of(self, node.compensate, step.scope, output)
        elif step.child is not None and node.waits:
            facts["undo"] = {"child": step.child}
        loop = self._loop_to_go_round(node, step, targets) if step.scope else None
        if loop is not None:
            facts["ends"] = True
            follows = loop.begun
            self.close(step, STEP_COMPLETED, facts)
            self._go_round(step.scope, loop, follows)
            return
        if lingers:
            facts["lingers"] = True
            self.emit(STEP_COMPLETED, step.key, facts)
        else:
            self.close(step, STEP_COMPLETED, facts or None)
        self.leave(node, step.scope, targets)

    def _loop_to_go_round(self, node: Node, step: Step, targets: tuple[str, ...]) -> Loop | None:
        """The loop around a step that is the last thing in its iteration, where nothing else is to be decided there.

        Such a step's event says that the iteration has ended, too: a third of the events of most loops are saved so.
        """
        if targets or self._queue or self.program.joins:
            return None
        owner = self.state.open.get(owner_of(step.scope)[0])
        if owner is None or not isinstance(owner.branches, Loop) or owner.branches.items is None:
            return None
        scope = step.scope
        is_last = len(self.state.working[scope]) == 1 and scope not in self.state.held
        decides = self.program.nodes[owner.node].break_when is not None
        return owner.branches if is_last and not decides else None

    def _go_round(self, scope: str, loop: Loop, follows: int) -> None:
        """Go on with the iteration that follows the one in ``scope``, or with what comes after the loop."""
        owner = self.state.open[owner_of(scope)[0]]
        go_round(self, self.program.nodes[owner.node], owner, loop, follows)

    def done_at_once(self, node: Node, scope: str, key: str, data: dict[str, Any] | None) -> None:
        """Complete a step that takes no time.

        Raises:
            Failure, ExpressionError: its ``next`` cannot be chosen; nothing has happened then.
        """
        targets = self.way_on(node, scope, None)
        if targets is not node.next:
            data = {**(data or {}), "next": list(targets)}
        if node.compensate is not None:
            data = {**(data or {}), "undo": undo_of(self, node.compensate, scope, None)}
        self.emit(STEP_COMPLETED, key, data)
        self.leave(node, scope, targets)

    def resume_wait(self, node: Node, step: Step) -> None:
        """Let a waiting step go on with the signal kept for it, or else with the oldest of its name."""
        assert step.event is not None
        signals = step.received if step.received is not None else self.state.signals[step.event]
        self.complete_step(node, step, signals[0], node.next, signal=step.event)

    def complete_workflow(self, output: Any = None) -> None:
        """Its work is done, whatever else is still open: end the execution well, or hand it to its reviewers.

        Args:
            output: what it comes to, where the definition does not say; None: the last step's output.
        """
        self.cancel_all("terminated")
        if self.program.review is not None and self.state.status is not SUBMITTED:
            self.emit(EventType.WORKFLOW_AWAITING_VALIDATION)
            return
        if self.program.function is None and output is None:
            output = self.state.last_output
        if self.program.output is not None:
            try:
                output = self.program.output.render(self.scope(ROOT))
            except ExpressionError as failure:
                self.fail_workflow(WorkflowError(failure.code, f"output: {failure.message}", retryable=False).to_json())
                return
        self.emit(EventType.WORKFLOW_COMPLETED, None, None if output is None else {"output": output})

    def touch(self, scope: str) -> None:
        """See, before the turn ends, whether a branch has ended."""
        self._touched[scope] = None

    def _end_branch(self, scope: str) -> None:
        """See whether a branch has ended, and what follows for the step around it."""
        state = self.state
        if state.working.get(scope) or scope in state.held:
            return
        key, number = owner_of(scope)
        owner = state.open.get(key)
        if owner is None or owner.branches is None or not owner.branches.is_live(number):
            return
        unmet = self._unmet_join(scope) if self.program.joins else None
        if unmet is not None:
            self._fail_branch(owner, number, unmet.to_json())
            return
        node = self.program.nodes[owner.node]
        if isinstance(owner.branches, Loop):
            iteration_ended(self, node, owner, owner.branches, number)
            return
        branches, branch = owner.branches, node.branches[number]
        facts: dict[str, Any] = {"branch": number}
        if branch.compensate is not None:
            facts["undo"] = undo_of(self, branch.compensate, scope, branches.outputs.get(number))
        self.emit(EventType.BRANCH_COMPLETED, key, facts)
        if owner.lingers:
            self._settle_if_over(node, owner, branches)
        elif branches.completed >= node.join:
            self._join(node, owner, branches, number)

    def _join(self, node: Node, owner: Step, branches: Branches, last: int) -> None:
        """Enough branches of a parallel step have ended well, ``last`` as the last of them."""
        ended_well = sorted(number for number, result in branches.results.items() if result == BRANCH_COMPLETED)
        output: dict[str, Any] = {node.branches[number].name: branches.outputs.get(number) for number in ended_well}
        targets = node.next
        if node.is_race:
            winner = node.branches[last]
            output = {"name": winner.name, "output": branches.outputs.get(last)}
            targets = node.next if winner.next is None else (winner.next,)
        lingers = node.lets_finish and len(branches.results) < len(node.branches)
        if not lingers:
            self.cancel_branches(owner, "join_met")
        self.complete_step(node, owner, output, targets, lingers=lingers)

    def _settle_if_over(self, node: Node, owner: Step, branches: Branches) -> None:
        """The last branch that was left to finish may have ended."""
        if len(branches.results) == len(node.branches):
            self.close(owner, EventType.STEP_SETTLED)
            if owner.scope:
                self.touch(owner.scope)

    def _unmet_join(self, scope: str) -> WorkflowError | None:
        """The error to report where a scope came to rest with tokens stuck before a join."""
        done = self.state.done
        for node_id in self.program.joins:
            dependencies = self.program.nodes[node_id].dependencies
            entered = self.state.entered(place_of(node_id, scope))
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
        error = {"timestamp": _iso(self.now), **error, "stepId": error.get("stepId", step.node)}
        facts: dict[str, Any] = {"error": error}
        if signal is not None:
            facts["signal"] = signal
        if self._cause is None:
            self._cause = self.state.seq + 1
        if step.branches is not None:
            self.cancel_branches(step, "branch_failed")
        for route in node.on_error:
            if route.takes(error):
                self._cause = None
                self.leave_aside(node, step, EventType.STEP_FAILED, facts, route.target)
                return
        if not node.critical:
            targets = self._way_on_after_failure(node, step)
            if targets is not None:
                self._cause = None
                facts["continued"] = True
                if targets is not node.next:
                    facts["next"] = list(targets)
                self.close(step, EventType.STEP_FAILED, facts)
                self.leave(node, step.scope, targets)
                return
        self.close(step, EventType.STEP_FAILED, facts)
        if step.call is not None:
            # the function hears of it, and decides
            self._cause = None
        elif step.scope:
            key, number = owner_of(step.scope)
            self._fail_branch(self.state.open[key], number, error)
        else:
            self.fail_workflow(error)

    def _way_on_after_failure(self, node: Node, step: Step) -> tuple[str, ...] | None:
        """Where a step that is not critical goes on; None where its ``next`` cannot be chosen without its output."""
        try:
            return self.way_on(node, step.scope, None)
        except (Failure, ExpressionError):
            return None

    def was_handled(self) -> None:
        """The failure that is on its way goes no further."""
        self._cause = None

    def fail_workflow(self, error: dict[str, Any], cause: int | None = None) -> None:
        """The execution cannot go on: do what its error handling says.

        Args:
            error: a WorkflowError's JSON.
            cause: number of the event that it goes back to, where that is none of this turn.
        """
        error = {"timestamp": _iso(self.now), **error}
        handling = self.program.on_failure
        cause = cause or self._cause or self.state.seq + 1
        self._cause = None
        is_under_way = self.state.status in UNDER_WAY
        if handling.strategy is Strategy.FALLBACK and is_under_way and not self.state.visits.get(FALLBACK_NODE):
            self.cancel_all("workflow_failed")
            self.emit(EventType.WORKFLOW_FALLBACK_STARTED, None, {"error": error})
            self.send(FALLBACK_NODE, ROOT)
            return
        self._end_unwell(FAIL, {"error": error, "cause": cause}, "workflow_failed")

    def time_out(self) -> None:
        """The execution did not end in time."""
        error = WorkflowError("timed_out", "the workflow did not end within its timeout", retryable=False).to_json()
        facts = {"error": {"timestamp": _iso(self.now), **error}, "cause": self.state.seq + 1}
        self._end_unwell(TIME_OUT, facts, "workflow_timed_out")

    def _end_unwell(self, then: str, facts: dict[str, Any], reason: str) -> None:
        undoes = self.program.on_failure.strategy is Strategy.COMPENSATE and self.state.undo
        if undoes and self.state.status is not COMPENSATING:
            start_undoing(self, then, 0, facts, reason)
        else:
            self.cancel_all(reason)
            self.end_unwell(then, facts)

    def end_unwell(self, then: str, facts: dict[str, Any]) -> None:
        """End the execution as failed, timed out or cancelled, and tell whoever wants to know.

        Args:
            then: ``fail``, ``time_out`` or ``cancel``.
            facts: the event's data.
        """
        undoing = self.state.undoing
        self.emit(ENDINGS[then], None, facts or None)
        if undoing is not None and undoing.data.get("forParent"):
            # the parent's rollback waits for this one's, which will never be over
            error = WorkflowError("not_undone", "the subworkflow ended before everything was undone")
            self.commands.append(Command(CommandKind.REPORT_UNDONE, NO_STEP, UndoneSpec(error.to_json())))
        if then != CANCEL:
            self.commands += notices(self, facts["error"])

    def _fail_branch(self, owner: Step, number: int, error: dict[str, Any]) -> None:
        """A branch has failed; the step around it fails with it once that can no longer end well."""
        self._cancel_scope(branch_scope(owner.node, owner.scope, owner.visit, number), "branch_failed")
        node = self.program.nodes[owner.node]
        if isinstance(owner.branches, Loop):
            iteration_failed(self, node, owner, owner.branches, number, error)
            return
        self.emit(EventType.BRANCH_FAILED, owner.key, {"branch": number, "error": error})
        assert owner.branches is not None
        if owner.lingers:
            self._cause = None
            self._settle_if_over(node, owner, owner.branches)
        elif len(node.branches) - owner.branches.failed < node.join:
            self.fail_step(node, owner, error)
        else:
            self._cause = None

    # --- cancelling: each is linear in what it cancels -----------------------------------------------------------

    def cancel_all(self, reason: str) -> None:
        """Cancel every open step, the inner before the outer ones."""
        self._queue.clear()
        self._entering.clear()
        self._touched.clear()
        for step in reversed(list(self.state.open.values())):
            if step.is_undo:
                undoing_stopped(self, step, reason)
            elif step.lingers:
                self.close(step, EventType.STEP_SETTLED)
            else:
                self.close(step, STEP_CANCELLED, {"reason": reason})

    def cancel_branches(self, owner: Step, reason: str) -> None:
        """Cancel every open step in the branches or iterations of a step that are still at work."""
        branches = owner.branches
        assert branches is not None
        numbers = (
            list(branches.active) if isinstance(branches, Loop) else range(len(self.program.nodes[owner.node].branches))
        )
        for number in numbers:
            if branches.is_live(number):
                self._cancel_scope(branch_scope(owner.node, owner.scope, owner.visit, number), reason)

    def _cancel_scope(self, scope: str, reason: str) -> None:
        """Cancel every open step in a scope and in the scopes inside it."""
        for step in reversed(list(self.state.working.get(scope, {}).values())):
            if step.branches is not None:
                self.cancel_branches(step, reason)
            if step.lingers:
                self.close(step, EventType.STEP_SETTLED)
            else:
                self.close(step, STEP_CANCELLED, {"reason": reason})


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
