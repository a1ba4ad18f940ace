"""The interpreter: from definition, state and one stimulus to events and commands.

:func:`advance` is the only entrance. It is deterministic and does no I/O: time and chance come in with the stimulus.
The state it is given is brought up to date by the very events it returns, so that ``fold(events)`` and the state can
never differ.

A *turn* is one call. Within it tokens move through every node that takes no time (decisions, sets, joins) until each
rests in an open step or has ended. All events of a turn must be stored together, before any of its commands is
carried out.

How tokens move:

* A node without ``dependencies`` is entered once for every token that reaches it.
* A node with ``dependencies`` is an AND-join: it is entered when each of them has been left once more than the node
  was entered (a Petri net's transition: it takes one token from every dependency).
* A parallel step stays open while its branches run, each in a scope of its own. A branch ends when no step is open
  in its scope. The join decides when the parallel step completes; branches still at work are then cancelled.
* A failure looks for a handler from the inside out: the node's ``onError``, then the parallel step around it, then
  the workflow.
* While the execution is paused results are recorded, and the places they lead to are *held* until it is resumed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from weftline.language.durations import DurationError, parse_duration
from weftline.language.program import ExpressionError, Kind, Node, Program, Template
from weftline.language.timestamps import TimestampError, parse_timestamp
from weftline.machine.command import Command, CommandKind, TaskSpec
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import State, Step
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Cancel,
    Fault,
    Pause,
    Recovered,
    Resume,
    Signal,
    Start,
    Stimulus,
    TaskCompleted,
    TimersDue,
)
from weftline.model.errors import WorkflowError
from weftline.model.event import Event, EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import ROOT, branch_prefix, branch_scope, is_within, key_of, owner_of, place_of

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
STEP_STARTED, STEP_COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED
RUNNING = StepStatus.RUNNING
ACTION, WAIT_EVENT, HUMAN_TASK = Kind.ACTION, Kind.WAIT_EVENT, Kind.HUMAN_TASK
RUN = CommandKind.RUN

MAX_INTERRUPTIONS = 5
"""How many workers may be lost under one attempt of a step before the step is held to be their killer."""

MAX_ENTRIES_PER_TURN = 100_000
"""Bound on the nodes entered in one turn. Validation refuses cycles that take no time; this is the second fence."""


class Turn(NamedTuple):
    """What one stimulus led to."""

    events: list[Event]
    commands: list[Command]


def advance(
    program: Program, state: State, stimulus: Stimulus, now: float, facts: Mapping[str, Any] | None = None
) -> Turn:
    """Let ``stimulus`` happen to an execution.

    Args:
        program: the compiled definition that the execution is pinned to.
        state: its state, which is brought up to date in place.
        stimulus: what happened.
        now: Unix seconds; the timestamp of every event of this turn.
        facts: values of ``execution``, ``tenant`` and ``vars`` for expressions.

    Returns:
        The new events, already folded into ``state``, and the commands to carry out once they are stored. Both are
        empty where the stimulus does not concern the execution any more (it has ended, the step is closed).
    """
    interpreter = _Interpreter(program, state, now, facts or {})
    if state.has_ended:
        return Turn(interpreter.events, interpreter.commands)
    _HANDLERS[type(stimulus)](interpreter, stimulus)
    interpreter.settle()
    return Turn(interpreter.events, interpreter.commands)


def outstanding(state: State) -> list[Command]:
    """The commands that a worker must carry out to go on from a loaded state: actions that were to run."""
    if state.is_paused:
        return []
    return [
        Command(RUN, step)
        for step in state.open.values()
        if step.status is RUNNING and step.branches is None
    ]


class _Failure(Exception):
    """Something a definition asked for cannot be done: the step fails with this error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Interpreter:
    __slots__ = ("commands", "entering", "events", "facts", "now", "program", "queue", "state", "touched")

    def __init__(self, program: Program, state: State, now: float, facts: Mapping[str, Any]) -> None:
        self.program = program
        self.state = state
        self.now = now
        self.facts = facts
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.queue: deque[tuple[str, str]] = deque()
        self.entering: dict[str, int] = {}
        """Places in the queue, or held, and how often: entered already as far as joins are concerned."""
        self.touched: set[str] = set()
        """Branch scopes in which a step closed, to see whether the branch has ended."""

    # --- events --------------------------------------------------------------------------------------------------

    def emit(self, type: EventType, key: str | None = None, data: dict[str, Any] | None = None) -> None:
        event = Event(self.state.seq + 1, type, key, data, self.now)
        self.state.apply(event)
        self.events.append(event)

    def close(self, step: Step, type: EventType, data: dict[str, Any] | None = None) -> None:
        """Close an open step, and take back what was set up for it."""
        if step.scope:
            self.touched.add(step.scope)
        self.emit(type, step.key, data)
        node = self.program.nodes.get(step.node)
        kind = None if node is None else node.kind
        if kind is WAIT_EVENT:
            self.commands.append(Command(CommandKind.UNSUBSCRIBE, step))
        elif kind is HUMAN_TASK and type is not STEP_COMPLETED:
            self.commands.append(Command(CommandKind.CLOSE_TASK, step))
        elif kind is ACTION and type in (EventType.STEP_CANCELLED, EventType.STEP_TIMED_OUT):
            self.commands.append(Command(CommandKind.ABORT, step))

    # --- moving tokens -------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Move tokens until all rest; end branches and the execution where none is left."""
        state = self.state
        entries = 0
        while not state.has_ended:
            if self.queue:
                entries += 1
                if entries > MAX_ENTRIES_PER_TURN:
                    self.fail_workflow(
                        WorkflowError("runaway", f"more than {MAX_ENTRIES_PER_TURN} steps without a wait").to_json()
                    )
                    return
                self.enter(*self.queue.popleft())
            elif self.touched:
                self.end_branch(self.touched.pop())
            elif not state.open and not state.held and not state.is_paused:
                unmet = self.unmet_join(ROOT)
                if unmet is None:
                    self.complete_workflow()
                else:
                    self.fail_workflow(unmet.to_json())
            else:
                return

    def send(self, node_id: str, scope: str) -> None:
        """Let a token enter a node: at once, or when the execution is resumed."""
        if self.state.is_paused:
            self.emit(EventType.STEP_HELD, place_of(node_id, scope))
            return
        if self.program.nodes[node_id].dependencies:
            place = place_of(node_id, scope)
            self.entering[place] = self.entering.get(place, 0) + 1
        self.queue.append((node_id, scope))

    def leave(self, node: Node, scope: str, targets: tuple[str, ...]) -> None:
        """Move a closed step's token on to ``targets`` and to the joins that it completes."""
        if scope:
            self.touched.add(scope)
        nodes = self.program.nodes
        for target in targets:
            # a join takes its tokens from its dependencies, below, whatever else points at it
            if not nodes[target].dependencies:
                self.send(target, scope)
        dependents = self.program.dependents.get(node.id)
        if dependents:
            for dependent in dependents:
                if self.is_joined(nodes[dependent], scope):
                    self.send(dependent, scope)

    def is_joined(self, node: Node, scope: str) -> bool:
        """Whether every dependency was left once more than the join was entered."""
        state = self.state
        place = place_of(node.id, scope)
        entered = state.visits.get(place, 0) + self.entering.get(place, 0)
        entered += state.held.count((node.id, scope)) if state.held else 0
        done = state.done
        return all(done.get(place_of(dependency, scope), 0) > entered for dependency in node.dependencies)

    def enter(self, node_id: str, scope: str) -> None:
        """A token enters a node."""
        node = self.program.nodes[node_id]
        place = place_of(node_id, scope)
        if self.entering and place in self.entering:
            self.entering[place] -= 1
        key = key_of(node_id, scope, self.state.visits.get(place, 0) + 1)
        try:
            if node.when is not None and not self.truth(node.when.evaluate(self.scope(scope)), "when"):
                self.emit(EventType.STEP_SKIPPED, key)
                self.leave(node, scope, node.next)
                return
            _ENTER[node.kind](self, node, scope, key)
        except (_Failure, ExpressionError) as failure:
            self.fail_new(node, scope, key, WorkflowError(failure.code, failure.message, retryable=False))

    # --- entering, one method a kind ---------------------------------------------------------------------------------

    def enter_pass(self, node: Node, scope: str, key: str) -> None:
        self.emit(STEP_COMPLETED, key)
        self.leave(node, scope, node.next)

    def enter_end(self, node: Node, scope: str, key: str) -> None:
        self.emit(STEP_COMPLETED, key)
        if node.terminate:
            self.complete_workflow()
        else:
            self.leave(node, scope, ())

    def enter_action(self, node: Node, scope: str, key: str) -> None:
        data = None if node.input is None else {"input": node.input.render(self.scope(scope))}
        self.emit(STEP_STARTED, key, data)
        self.commands.append(Command(RUN, self.state.open[key]))

    def enter_decision(self, node: Node, scope: str, key: str) -> None:
        names = self.scope(scope)
        for case in node.cases:
            if self.truth(case.condition.evaluate(names), "condition"):
                label, target = case.label, case.target
                break
        else:
            if node.default is None:
                raise _Failure("no_case_matched", f"no case of decision '{node.id}' holds, and it has no default")
            label, target = "default", node.default
        self.emit(STEP_COMPLETED, key, {"case": label, "next": target})
        self.leave(node, scope, (target,))

    def enter_wait_time(self, node: Node, scope: str, key: str) -> None:
        names = self.scope(scope)
        if node.until is not None:
            try:
                due = parse_timestamp(node.until.render(names))
            except TimestampError as error:
                raise _Failure("invalid_time", f"'until' of '{node.id}': {error}") from None
        else:
            due = self.now + self.seconds(node.duration, names, "duration")
        self.emit(STEP_STARTED, key, {"waiting": "time", "dueAt": due})

    def enter_wait_event(self, node: Node, scope: str, key: str) -> None:
        names = self.scope(scope)
        assert node.event is not None
        event = _text(node.event.render(names), "event")
        data: dict[str, Any] = {"waiting": "event", "event": event}
        if node.correlation is not None:
            data["correlation"] = _text(node.correlation.render(names), "correlation")
        if node.timeout is not None:
            data["dueAt"] = self.now + self.seconds(node.timeout, names, "timeout")
        self.emit(STEP_STARTED, key, data)
        step = self.state.open[key]
        if self.state.signals.get(event):
            self.resume_wait(node, step)
        else:
            self.commands.append(Command(CommandKind.SUBSCRIBE, step))

    def enter_human_task(self, node: Node, scope: str, key: str) -> None:
        names = self.scope(scope)
        data: dict[str, Any] = {"waiting": "task"}
        assignees = () if node.assign_to is None else _names(node.assign_to.render(names))
        if assignees:
            data["assignTo"] = list(assignees)
        if node.timeout is not None:
            data["dueAt"] = self.now + self.seconds(node.timeout, names, "timeout")
        self.emit(STEP_STARTED, key, data)
        task = TaskSpec(node.name, node.form, assignees, tuple(node.outcomes))
        self.commands.append(Command(CommandKind.OPEN_TASK, self.state.open[key], task))

    def enter_parallel(self, node: Node, scope: str, key: str) -> None:
        self.emit(STEP_STARTED, key, {"branches": [branch.name for branch in node.branches]})
        visit = self.state.open[key].visit
        for number, branch in enumerate(node.branches):
            self.send(branch.start, branch_scope(node.id, scope, visit, number))

    def enter_set(self, node: Node, scope: str, key: str) -> None:
        names = self.scope(scope)
        patch = {name: template.render(names) for name, template in node.values.items()}
        self.emit(STEP_COMPLETED, key, {"data": patch})
        self.leave(node, scope, node.next)

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
        """Close an open step with its output, map it into the shared data, and move on."""
        patch = data
        if node.output is not None:
            names = self.scope(step.scope, {"result": output})
            try:
                mapped = {name: template.render(names) for name, template in node.output.items()}
            except ExpressionError as failure:
                error = WorkflowError(failure.code, f"output mapping: {failure.message}", retryable=False)
                self.fail_step(node, step, error.to_json())
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
        """Give a waiting step the oldest signal of its name."""
        assert step.event is not None
        payload = self.state.signals[step.event][0]
        self.complete_step(node, step, payload, node.next, signal=step.event)

    def end_branch(self, scope: str) -> None:
        """See whether a branch has ended, and whether the parallel step around it can be joined."""
        state = self.state
        if state.working.get(scope) or any(is_within(held, scope) for _, held in state.held):
            return
        key, number = owner_of(scope)
        owner = state.open.get(key)
        if owner is None or owner.branches is None or number in owner.branches:
            return
        unmet = self.unmet_join(scope)
        if unmet is not None:
            self.fail_branch(owner, number, unmet.to_json())
            return
        self.emit(EventType.BRANCH_COMPLETED, key, {"branch": number})
        node = self.program.nodes[owner.node]
        ended_well = [number for number, result in owner.branches.items() if result == "completed"]
        if len(ended_well) >= node.join:
            output = {node.branches[number].name: self.branch_output(owner, number) for number in sorted(ended_well)}
            self.cancel_branches(owner, "join_met")
            self.complete_step(node, owner, output, node.next)

    def branch_output(self, owner: Step, number: int) -> Any:
        """Output of the step that closed last in a branch."""
        scope = branch_scope(owner.node, owner.scope, owner.visit, number)
        output = None
        latest = -1.0
        for step in self.state.latest.values():
            if step.scope == scope and step.output is not None and (step.completed_at or 0.0) >= latest:
                latest = step.completed_at or 0.0
                output = step.output
        return output

    def unmet_join(self, scope: str) -> WorkflowError | None:
        """The error to report where a scope came to rest with tokens stuck before a join."""
        if not self.program.joins:
            return None
        done, visits = self.state.done, self.state.visits
        for node_id in self.program.joins:
            node = self.program.nodes[node_id]
            entered = visits.get(place_of(node_id, scope), 0)
            arrived = [name for name in node.dependencies if done.get(place_of(name, scope), 0) > entered]
            if arrived:
                missing = [name for name in node.dependencies if name not in arrived]
                return WorkflowError(
                    "join_never_met",
                    f"'{node_id}' still waits for {', '.join(missing)}, and nothing is left that could get there",
                    {"arrived": arrived, "missing": missing},
                    retryable=False,
                    step_id=node_id,
                )
        return None

    def complete_workflow(self) -> None:
        output = self.state.last_output
        if self.program.output is not None:
            try:
                output = self.program.output.render(self.scope(ROOT))
            except ExpressionError as failure:
                self.fail_workflow(WorkflowError(failure.code, f"output: {failure.message}", retryable=False).to_json())
                return
        self.cancel_within(ROOT, "terminated")
        self.emit(EventType.WORKFLOW_COMPLETED, None, None if output is None else {"output": output})

    # --- failing ---------------------------------------------------------------------------------------------------

    def fail_new(self, node: Node, scope: str, key: str, error: WorkflowError) -> None:
        """Fail a step that could not even be entered."""
        if key not in self.state.open:
            self.emit(STEP_STARTED, key)
        self.fail_step(node, self.state.open[key], error.to_json())

    def fail_step(self, node: Node, step: Step, error: dict[str, Any]) -> None:
        """A step has failed for good: find who handles it, from the inside out."""
        error = {**error, "stepId": error.get("stepId", step.node)}
        if node.kind is Kind.PARALLEL:
            self.cancel_branches(step, "branch_failed")
        for route in node.on_error:
            if route.codes is None or error["code"] in route.codes:
                self.close(step, EventType.STEP_FAILED, {"error": error, "next": route.target})
                if step.scope:
                    self.touched.add(step.scope)
                self.send(route.target, step.scope)
                return
        if not node.critical:
            self.close(step, EventType.STEP_FAILED, {"error": error, "continued": True})
            self.leave(node, step.scope, node.next)
            return
        self.close(step, EventType.STEP_FAILED, {"error": error})
        if step.scope:
            key, number = owner_of(step.scope)
            self.fail_branch(self.state.open[key], number, error)
        else:
            self.fail_workflow(error)

    def fail_branch(self, owner: Step, number: int, error: dict[str, Any]) -> None:
        """A branch has failed; the parallel step fails with it once its join can no longer be met."""
        self.cancel_within(branch_scope(owner.node, owner.scope, owner.visit, number), "branch_failed")
        self.emit(EventType.BRANCH_FAILED, owner.key, {"branch": number, "error": error})
        node = self.program.nodes[owner.node]
        assert owner.branches is not None
        failed = sum(1 for result in owner.branches.values() if result == "failed")
        if len(node.branches) - failed < node.join:
            self.fail_step(node, owner, error)

    def fail_workflow(self, error: dict[str, Any]) -> None:
        self.cancel_within(ROOT, "workflow_failed")
        self.emit(EventType.WORKFLOW_FAILED, None, {"error": error})

    def cancel_branches(self, parallel: Step, reason: str) -> None:
        """Cancel every open step and every token in any branch of a parallel step."""
        prefix = branch_prefix(parallel.node, parallel.scope, parallel.visit)
        self.cancel(lambda scope: scope.startswith(prefix), reason)

    def cancel_within(self, outer: str, reason: str) -> None:
        """Cancel every open step and every token in a scope."""
        self.cancel(lambda scope: is_within(scope, outer), reason)

    def cancel(self, inside: Callable[[str], bool], reason: str) -> None:
        for step in reversed(list(self.state.open.values())):
            if inside(step.scope):
                self.close(step, EventType.STEP_CANCELLED, {"reason": reason})
        if self.queue:
            self.queue = deque(token for token in self.queue if not inside(token[1]))
            self.entering = {}
            for node_id, scope in self.queue:
                place = place_of(node_id, scope)
                self.entering[place] = self.entering.get(place, 0) + 1

    # --- stimuli ---------------------------------------------------------------------------------------------------

    def on_start(self, stimulus: Start) -> None:
        if self.state.seq:
            return
        timeout = self.program.timeout
        self.emit(EventType.WORKFLOW_STARTED, None, None if timeout is None else {"deadline": self.now + timeout})
        for node_id in self.program.start:
            self.send(node_id, ROOT)

    def on_action_completed(self, stimulus: ActionCompleted) -> None:
        step = self.state.open.get(stimulus.key)
        if step is None or step.status is not RUNNING or step.attempt != stimulus.attempt:
            return
        node = self.program.nodes[step.node]
        self.complete_step(node, step, stimulus.output, node.next, stimulus.data)

    def on_action_failed(self, stimulus: ActionFailed) -> None:
        step = self.state.open.get(stimulus.key)
        if step is None or step.status is not RUNNING or step.attempt != stimulus.attempt:
            return
        node = self.program.nodes[step.node]
        error = stimulus.error
        policy = node.retry
        if error["retryable"] and error["code"] not in policy.non_retryable and step.attempt < policy.max_attempts:
            delay = max(policy.delay(step.attempt, stimulus.chance), stimulus.retry_after or 0.0)
            data = {"error": error, "attempt": step.attempt, "dueAt": self.now + delay}
            self.emit(EventType.STEP_RETRY_SCHEDULED, step.key, data)
        else:
            self.fail_step(node, step, error)

    def on_timers_due(self, stimulus: TimersDue) -> None:
        state = self.state
        if state.deadline is not None and state.deadline <= self.now:
            error = WorkflowError("timed_out", "the workflow did not end within its timeout", retryable=False)
            self.cancel_within(ROOT, "workflow_timed_out")
            self.emit(EventType.WORKFLOW_TIMED_OUT, None, {"error": error.to_json()})
            return
        if state.is_paused:
            return
        due = [step for step in state.open.values() if step.due_at is not None and step.due_at <= self.now]
        due.sort(key=_due_at)
        for step in due:
            # an earlier timer of this very turn may have closed the step, or ended the execution
            if step.key in state.open and not state.has_ended:
                self.fire(step)

    def fire(self, step: Step) -> None:
        """A step's own timer is due."""
        node = self.program.nodes[step.node]
        if step.status is StepStatus.RETRYING:
            self.emit(STEP_STARTED, step.key, {"attempt": step.attempt + 1})
            self.commands.append(Command(RUN, step))
        elif node.kind is Kind.WAIT_TIME:
            self.complete_step(node, step, None, node.next)
        elif node.timeout_next is not None:
            self.close(step, EventType.STEP_TIMED_OUT, {"next": node.timeout_next})
            if step.scope:
                self.touched.add(step.scope)
            self.send(node.timeout_next, step.scope)
        else:
            what = f"event '{step.event}' did not come" if step.event is not None else "the task was not completed"
            error = WorkflowError("timed_out", f"{what} in time", retryable=False, step_id=step.node)
            self.fail_step(node, step, error.to_json())

    def on_signal(self, stimulus: Signal) -> None:
        state = self.state
        step: Step | None
        if stimulus.step is not None:
            step = state.open.get(stimulus.step)
            if step is None or step.event != stimulus.name:
                return
        else:
            waiting = (step for step in state.open.values() if step.event == stimulus.name)
            step = next(waiting, None)
        data: dict[str, Any] = {"name": stimulus.name}
        if stimulus.payload is not None:
            data["payload"] = stimulus.payload
        self.emit(EventType.SIGNAL_RECEIVED, None if step is None else step.key, data)
        if step is not None and not state.is_paused:
            self.resume_wait(self.program.nodes[step.node], step)

    def on_task_completed(self, stimulus: TaskCompleted) -> None:
        step = self.state.open.get(stimulus.step)
        if step is None:
            return
        node = self.program.nodes[step.node]
        output: dict[str, Any] = {"data": stimulus.data}
        if stimulus.outcome is not None:
            output["outcome"] = stimulus.outcome
        if stimulus.by is not None:
            output["completedBy"] = stimulus.by
        target = node.outcomes.get(stimulus.outcome) if stimulus.outcome is not None else None
        if target is not None:
            self.complete_step(node, step, output, (target,))
        elif node.is_approval and stimulus.outcome == "rejected":
            error = WorkflowError("rejected", f"'{node.name}' was rejected", output, retryable=False, step_id=node.id)
            self.fail_step(node, step, error.to_json())
        else:
            self.complete_step(node, step, output, node.next)

    def on_pause(self, stimulus: Pause) -> None:
        if not self.state.is_paused:
            self.emit(EventType.WORKFLOW_PAUSED)

    def on_resume(self, stimulus: Resume) -> None:
        state = self.state
        if not state.is_paused:
            return
        held = state.held
        self.emit(EventType.WORKFLOW_RESUMED)
        for node_id, scope in held:
            self.send(node_id, scope)
        for step in list(state.open.values()):
            if step.event is not None and state.signals.get(step.event):
                self.resume_wait(self.program.nodes[step.node], step)
        # actions that the pause kept from running, or that a reload forgot
        self.commands.extend(outstanding(state))
        self.on_timers_due(TimersDue())

    def on_cancel(self, stimulus: Cancel) -> None:
        self.cancel_within(ROOT, "cancelled")
        data = None if stimulus.reason is None else {"reason": stimulus.reason}
        self.emit(EventType.WORKFLOW_CANCELLED, None, data)

    def on_fault(self, stimulus: Fault) -> None:
        self.fail_workflow(stimulus.error)

    def on_recovered(self, stimulus: Recovered) -> None:
        state = self.state
        if stimulus.lost_leases <= state.lost_leases:
            return
        self.emit(EventType.WORKFLOW_RECOVERED, None, {"lostLeases": stimulus.lost_leases})
        for step in list(state.open.values()):
            if step.interruptions > MAX_INTERRUPTIONS and step.key in state.open and not state.has_ended:
                error = WorkflowError(
                    "interrupted",
                    f"{step.interruptions} workers were lost while this attempt ran; it is not tried again",
                    retryable=False,
                    step_id=step.node,
                )
                self.fail_step(self.program.nodes[step.node], step, error.to_json())

    # --- values ----------------------------------------------------------------------------------------------------

    def scope(self, scope: str, extra: Mapping[str, Any] | None = None) -> ExecutionScope:
        return ExecutionScope(self.state, self.facts, scope, extra)

    def seconds(self, value: float | Template | None, names: ExecutionScope, field: str) -> float:
        if isinstance(value, float | int):
            return value
        assert value is not None
        try:
            return parse_duration(value.render(names))
        except DurationError as error:
            raise _Failure("invalid_duration", f"{field}: {error}") from None

    def truth(self, value: Any, field: str) -> bool:
        if isinstance(value, bool):
            return value
        raise _Failure("type_mismatch", f"{field} must be true or false, not {_kind_of(value)}")


def _due_at(step: Step) -> float:
    return step.due_at or 0.0


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


def _text(value: Any, field: str) -> str:
    """A name or correlation as text; numbers may serve as correlations too."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _Failure("type_mismatch", f"{field} must be a non-empty string or a number, not {_kind_of(value)}")


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    if all(isinstance(name, str) for name in values):
        return tuple(values)
    raise _Failure("type_mismatch", "assignTo must be a name or a list of names")


_ENTER: dict[Kind, Callable[[_Interpreter, Node, str, str], None]] = {
    Kind.START: _Interpreter.enter_pass,
    Kind.END: _Interpreter.enter_end,
    Kind.ACTION: _Interpreter.enter_action,
    Kind.DECISION: _Interpreter.enter_decision,
    Kind.WAIT_TIME: _Interpreter.enter_wait_time,
    Kind.WAIT_EVENT: _Interpreter.enter_wait_event,
    Kind.HUMAN_TASK: _Interpreter.enter_human_task,
    Kind.PARALLEL: _Interpreter.enter_parallel,
    Kind.SET: _Interpreter.enter_set,
}

_HANDLERS: dict[type[Stimulus], Callable[[_Interpreter, Any], None]] = {
    Start: _Interpreter.on_start,
    ActionCompleted: _Interpreter.on_action_completed,
    ActionFailed: _Interpreter.on_action_failed,
    TimersDue: _Interpreter.on_timers_due,
    Signal: _Interpreter.on_signal,
    TaskCompleted: _Interpreter.on_task_completed,
    Pause: _Interpreter.on_pause,
    Resume: _Interpreter.on_resume,
    Cancel: _Interpreter.on_cancel,
    Recovered: _Interpreter.on_recovered,
    Fault: _Interpreter.on_fault,
}
