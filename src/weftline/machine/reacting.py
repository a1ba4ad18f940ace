"""What a stimulus does to an execution: one function a kind.

A stimulus that does not concern the execution any more (its step is closed, its attempt is over) does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, TypeVar

from weftline.language.program import APPROVED, REJECTED, ExpressionError, Kind, Node
from weftline.machine import calling, job_results, steering
from weftline.machine.calls import node_of
from weftline.machine.command import NO_STEP, Command, CommandKind, UndoneSpec
from weftline.machine.entering import child_facts, start_child
from weftline.machine.jobs import begin_again
from weftline.machine.retrying import attempt_failed, attempt_held, compensation_attempt_failed, is_held_by
from weftline.machine.step import EVENT, TASK, TIME, Step
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Amend,
    Approve,
    Begin,
    Called,
    Cancel,
    ChangeData,
    ChildEnded,
    ChildUndone,
    ConnectionRenewed,
    Diverged,
    Fault,
    JobCompleted,
    JobFailed,
    Migrate,
    Pause,
    Raised,
    Recovered,
    Reject,
    Resume,
    RetryCompensation,
    RetryStep,
    Returned,
    Rewind,
    Signal,
    Skip,
    Start,
    Stimulus,
    Submit,
    TaskCompleted,
    TimersDue,
    Validate,
)
from weftline.machine.tokens import Tokens
from weftline.machine.undoing import begin as begin_undoing
from weftline.machine.undoing import compensated, compensation_failed
from weftline.machine.values import Failure
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import UNDO, undo_key

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
RUNNING = StepStatus.RUNNING
ACTION = Kind.ACTION

MAX_INTERRUPTIONS = 5
"""How many workers may be lost under one attempt of a step before the step is held to be their killer."""


def _start(tokens: Tokens, stimulus: Start) -> None:
    state = tokens.state
    if state.started_at is not None or state.is_resting:
        return
    review = tokens.program.review
    if review is not None and review.starts_as_draft:
        tokens.emit(EventType.WORKFLOW_CREATED)
    else:
        tokens.start()


def _attempted(tokens: Tokens, key: str, attempt: int) -> tuple[Node, Step] | None:
    """The step whose attempt has ended, or None where nobody waits for it any more."""
    step = tokens.state.open.get(key)
    if step is None or step.status is not RUNNING or step.attempt != attempt:
        return None
    node = node_of(tokens.program, tokens.state, step)
    return (node, step) if node.kind is ACTION else None


def _undoing(tokens: Tokens, key: str, attempt: int) -> Step | None:
    """The compensation whose attempt has ended, or None where it is none, or nobody waits for it."""
    step = tokens.state.open.get(key)
    is_current = step is not None and step.is_undo and step.status is RUNNING and step.attempt == attempt
    return step if is_current else None


def _action_completed(tokens: Tokens, stimulus: ActionCompleted) -> None:
    if stimulus.key[0] == UNDO:
        undoing = _undoing(tokens, stimulus.key, stimulus.attempt)
        if undoing is not None:
            compensated(tokens, undoing, stimulus.output)
        return
    attempted = _attempted(tokens, stimulus.key, stimulus.attempt)
    if attempted is not None:
        node, step = attempted
        tokens.complete_step(node, step, stimulus.output, node.next, stimulus.data, report=stimulus.report)


def _action_failed(tokens: Tokens, stimulus: ActionFailed) -> None:
    if stimulus.key[0] == UNDO:
        undoing = _undoing(tokens, stimulus.key, stimulus.attempt)
        if undoing is None:
            return
        if stimulus.held:
            attempt_held(tokens, undoing, stimulus.error, stimulus.retry_after)
        else:
            compensation_attempt_failed(
                tokens, undoing, stimulus.error, stimulus.chance, stimulus.retry_after, stimulus.policy
            )
        return
    attempted = _attempted(tokens, stimulus.key, stimulus.attempt)
    if attempted is not None:
        node, step = attempted
        if stimulus.held:
            attempt_held(tokens, step, stimulus.error, stimulus.retry_after)
        else:
            attempt_failed(tokens, node, step, stimulus.error, stimulus.chance, stimulus.retry_after, stimulus.policy)


def _timers_due(tokens: Tokens, stimulus: TimersDue) -> None:
    state = tokens.state
    if state.deadline is not None and state.deadline <= tokens.now:
        tokens.time_out()
    elif not state.is_paused:
        _fire_timers(tokens)


def _fire_timers(tokens: Tokens) -> None:
    """Fire what is due, the earliest first."""
    state = tokens.state
    due = [(at, key) for key, at in state.timers.items() if at <= tokens.now]
    due.sort(key=itemgetter(0))
    for _, key in due:
        # an earlier timer of this very turn may have closed the step, or ended the execution
        step = state.open.get(key)
        if step is not None:
            _fire(tokens, step)
            tokens.settle()


def _fire(tokens: Tokens, step: Step) -> None:
    if step.awaits_job and (step.deadline is None or step.deadline > tokens.now):
        job_results.timed_out(tokens, step)
        return
    if step.is_undo:
        key = step.key[1:]
        begin_undoing(tokens, key, tokens.state.undo[key], step.attempt + 1)
        return
    node = node_of(tokens.program, tokens.state, step)
    if step.deadline is not None and step.deadline <= tokens.now:
        _miss_deadline(tokens, node, step)
    elif step.status is StepStatus.RETRYING and node.kind is Kind.SUBWORKFLOW:
        facts = child_facts(tokens, node, step.scope, step.key, step.attempt + 1, step.input)
        tokens.emit(EventType.STEP_STARTED, step.key, facts)
        start_child(tokens, node, step)
    elif step.status is StepStatus.RETRYING and node.queue is not None:
        begin_again(tokens, node, step)
    elif step.status is StepStatus.RETRYING:
        tokens.emit(EventType.STEP_STARTED, step.key, {"attempt": step.attempt + 1})
        tokens.commands.append(Command(CommandKind.RUN, step))
    elif step.waiting == TIME:
        tokens.complete_step(node, step, None, node.next)
    elif node.timeout_next is not None:
        tokens.leave_aside(node, step, EventType.STEP_TIMED_OUT, {}, node.timeout_next)
    else:
        error = WorkflowError("timed_out", f"{_awaited(step)} in time", retryable=False, step_id=step.node)
        tokens.fail_step(node, step, error.to_json())


def _connection_renewed(tokens: Tokens, stimulus: ConnectionRenewed) -> None:
    state = tokens.state
    if state.is_paused:
        return
    for step in list(state.open.values()):
        # one of them may close others
        if step.key in state.open and is_held_by(step, stimulus.connection):
            _fire(tokens, step)
            tokens.settle()


def _miss_deadline(tokens: Tokens, node: Node, step: Step) -> None:
    if step.is_at_work:
        tokens.commands.append(Command(CommandKind.ABORT, step))
    message = f"'{node.name}' did not end before its deadline"
    tokens.fail_step(node, step, WorkflowError("deadline_exceeded", message, retryable=False).to_json())


def _awaited(step: Step) -> str:
    if step.waiting == EVENT:
        return f"event '{step.event}' did not come"
    return "the task was not completed" if step.waiting == TASK else "the subworkflow did not end"


def _child_ended(tokens: Tokens, stimulus: ChildEnded) -> None:
    step = tokens.state.open_step_known_as(stimulus.step)
    if step is None or step.child != stimulus.child or step.status is not StepStatus.WAITING or step.is_undo:
        return
    node = node_of(tokens.program, tokens.state, step)
    if stimulus.status == ExecutionStatus.COMPLETED:
        tokens.complete_step(node, step, stimulus.output, node.next)
    else:
        attempt_failed(tokens, node, step, _error_of_child(stimulus), stimulus.chance)


def _error_of_child(ended: ChildEnded) -> dict[str, Any]:
    """How the failure of an execution is told to the one that started it: its own error, and where it happened."""
    ending = ended.status.replace("_", " ")
    own: dict[str, Any] = ended.error or {"code": ended.status, "message": f"the subworkflow was {ending}"}
    details = {**own.get("details", {}), "executionId": ended.child}
    if "stepId" in own:
        details["stepId"] = own["stepId"]
    # whatever is cancelled, or takes too long, would be so again
    may_help = ended.status == ExecutionStatus.FAILED and own.get("retryable", True)
    return WorkflowError(own["code"], own["message"], details, retryable=may_help).to_json()


def _child_undone(tokens: Tokens, stimulus: ChildUndone) -> None:
    step = tokens.state.open.get(undo_key(stimulus.step))
    if step is None and stimulus.child is not None:
        undone = (step for step in tokens.state.open.values() if step.is_undo and step.child == stimulus.child)
        step = next(undone, None)
    if step is None or step.child is None:
        return
    if stimulus.error is None:
        compensated(tokens, step, None)
    else:
        compensation_failed(tokens, step, stimulus.error)


def _signal(tokens: Tokens, stimulus: Signal) -> None:
    state = tokens.state
    step: Step | None
    if stimulus.step is None:
        step = next((step for step in state.open.values() if _awaits(step, stimulus.name)), None)
    else:
        step = state.open_step_known_as(stimulus.step)
        if step is None or not _awaits(step, stimulus.name):
            return
    data: dict[str, Any] = {"name": stimulus.name}
    if stimulus.payload is not None:
        data["payload"] = stimulus.payload
    tokens.emit(EventType.SIGNAL_RECEIVED, None if step is None else step.key, data)
    if step is not None and not state.is_paused:
        tokens.resume_wait(node_of(tokens.program, tokens.state, step), step)


def _awaits(step: Step, event: str) -> bool:
    return step.event == event and step.received is None


def _task_completed(tokens: Tokens, stimulus: TaskCompleted) -> None:
    step = tokens.state.open_step_known_as(stimulus.step)
    if step is None or step.waiting != TASK:
        return
    node = node_of(tokens.program, tokens.state, step)
    outcome = stimulus.outcome
    output: dict[str, Any] = {"data": stimulus.data}
    if outcome is not None:
        output["outcome"] = outcome
    if stimulus.by is not None:
        output["completedBy"] = stimulus.by
    if stimulus.votes:
        output["votes"] = list(stimulus.votes)
    if outcome is not None and outcome in node.outcomes:
        tokens.complete_step(node, step, output, (node.outcomes[outcome],))
    elif not node.is_approval or outcome == APPROVED:
        tokens.complete_step(node, step, output, node.next)
    else:
        code, what = ("rejected", "was rejected") if outcome == REJECTED else ("unknown_outcome", "was not decided")
        error = WorkflowError(code, f"'{node.name}' {what}", output, retryable=False, step_id=node.id)
        tokens.fail_step(node, step, error.to_json())


def _resume(tokens: Tokens, stimulus: Resume) -> None:
    if tokens.state.status is ExecutionStatus.COMPENSATING:
        raise steering.Refusal("being_undone", "the execution is being undone")
    if tokens.state.is_paused:
        steering.resume(tokens, stimulus)
        _fire_timers(tokens)


def _fault(tokens: Tokens, stimulus: Fault) -> None:
    tokens.fail_workflow(stimulus.error)


def _recovered(tokens: Tokens, stimulus: Recovered) -> None:
    state = tokens.state
    if stimulus.lost_leases <= state.lost_leases:
        return
    tokens.emit(EventType.WORKFLOW_RECOVERED, None, {"lostLeases": stimulus.lost_leases})
    for step in list(state.open.values()):
        # failing one may close others
        if step.interruptions > MAX_INTERRUPTIONS and step.key in state.open:
            error = WorkflowError(
                "interrupted",
                f"{step.interruptions} workers were lost while this attempt ran; it is not tried again",
                retryable=False,
                step_id=step.node,
            )
            if step.is_undo:
                compensation_failed(tokens, step, error.to_json())
            else:
                tokens.fail_step(node_of(tokens.program, tokens.state, step), step, error.to_json())


Asked = TypeVar("Asked", bound=Stimulus)


def _asked(react: Callable[[Tokens, Asked], None]) -> Callable[[Tokens, Asked], None]:
    """React to what somebody asks for, and leave word where it cannot be done."""

    def ask(tokens: Tokens, stimulus: Asked) -> None:
        try:
            react(tokens, stimulus)
        except steering.Refusal as refusal:
            steering.refuse(tokens, stimulus, refusal)
        except (Failure, ExpressionError) as failure:
            steering.refuse(tokens, stimulus, steering.Refusal(failure.code, failure.message))

    return ask


def _rewind(tokens: Tokens, stimulus: Rewind) -> None:
    try:
        steering.rewind(tokens, stimulus)
    except steering.Refusal as refusal:
        steering.refuse(tokens, stimulus, refusal)
        if stimulus.for_parent:
            # one that has not begun has nothing to undo; of anything else the parent must know
            error = None if refusal.code == "not_started" else _told_to_parent(refusal)
            tokens.commands.append(Command(CommandKind.REPORT_UNDONE, NO_STEP, UndoneSpec(error)))


def _told_to_parent(refusal: steering.Refusal) -> dict[str, Any]:
    return WorkflowError(refusal.code, f"the subworkflow: {refusal.message}", retryable=True).to_json()


REVIVING = (Rewind, RetryCompensation, Migrate)
"""What may be asked of an execution that has ended; everything else comes too late."""


REACT: Mapping[type[Stimulus], Callable[[Tokens, Any], None]] = {
    Start: _start,
    ActionCompleted: _action_completed,
    ActionFailed: _action_failed,
    TimersDue: _timers_due,
    Signal: _signal,
    TaskCompleted: _task_completed,
    JobCompleted: job_results.completed,
    JobFailed: job_results.failed,
    Pause: _asked(steering.pause),
    Resume: _asked(_resume),
    Cancel: steering.cancel,
    Recovered: _recovered,
    Fault: _fault,
    ChildEnded: _child_ended,
    ChildUndone: _child_undone,
    ConnectionRenewed: _connection_renewed,
    Begin: _asked(steering.begin),
    Rewind: _rewind,
    RetryCompensation: _asked(steering.retry_compensation),
    RetryStep: _asked(steering.retry_step),
    Skip: _asked(steering.skip),
    ChangeData: _asked(steering.change_data),
    Amend: _asked(steering.amend),
    Validate: _asked(steering.validate),
    Submit: _asked(steering.submit),
    Approve: _asked(steering.approve),
    Reject: _asked(steering.reject),
    Migrate: _asked(steering.migrate),
    Called: calling.called,
    Returned: calling.returned,
    Raised: calling.raised,
    Diverged: calling.diverged,
}
