"""What a stimulus does to an execution: one function a kind.

A stimulus that does not concern the execution any more (its step is closed, its attempt is over) does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from weftline.language.program import APPROVED, REJECTED, Kind, Node
from weftline.machine.command import Command, CommandKind, outstanding
from weftline.machine.step import EVENT, TASK, TIME, Step
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
from weftline.machine.tokens import Tokens
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import ROOT

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
RUNNING = StepStatus.RUNNING
ACTION = Kind.ACTION

MAX_INTERRUPTIONS = 5
"""How many workers may be lost under one attempt of a step before the step is held to be their killer."""

MAX_RETRY_AFTER = 86_400.0
"""Seconds: the longest that the other side's wish can put off the next attempt."""


def _start(tokens: Tokens, stimulus: Start) -> None:
    if tokens.state.started_at is not None:
        return
    timeout = tokens.program.timeout
    tokens.emit(EventType.WORKFLOW_STARTED, None, None if timeout is None else {"deadline": tokens.now + timeout})
    for node_id in tokens.program.start:
        tokens.send(node_id, ROOT)


def _attempted(tokens: Tokens, key: str, attempt: int) -> tuple[Node, Step] | None:
    """The step whose attempt has ended, or None where nobody waits for it any more."""
    step = tokens.state.open.get(key)
    if step is None or step.status is not RUNNING or step.attempt != attempt:
        return None
    node = tokens.program.nodes[step.node]
    return (node, step) if node.kind is ACTION else None


def _action_completed(tokens: Tokens, stimulus: ActionCompleted) -> None:
    attempted = _attempted(tokens, stimulus.key, stimulus.attempt)
    if attempted is not None:
        node, step = attempted
        tokens.complete_step(node, step, stimulus.output, node.next, stimulus.data)


def _action_failed(tokens: Tokens, stimulus: ActionFailed) -> None:
    attempted = _attempted(tokens, stimulus.key, stimulus.attempt)
    if attempted is None:
        return
    node, step = attempted
    error = stimulus.error
    policy = node.retry
    if error["retryable"] and error["code"] not in policy.non_retryable and step.attempt < policy.max_attempts:
        delay = policy.delay(step.attempt, stimulus.chance)
        if stimulus.retry_after is not None:
            delay = max(delay, min(stimulus.retry_after, MAX_RETRY_AFTER))
        data = {"error": error, "attempt": step.attempt, "dueAt": tokens.now + delay}
        tokens.emit(EventType.STEP_RETRY_SCHEDULED, step.key, data)
    else:
        tokens.fail_step(node, step, error)


def _timers_due(tokens: Tokens, stimulus: TimersDue) -> None:
    state = tokens.state
    if state.deadline is not None and state.deadline <= tokens.now:
        error = WorkflowError("timed_out", "the workflow did not end within its timeout", retryable=False)
        tokens.cancel_all("workflow_timed_out")
        tokens.emit(EventType.WORKFLOW_TIMED_OUT, None, {"error": error.to_json()})
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


def _fire(tokens: Tokens, step: Step) -> None:
    node = tokens.program.nodes[step.node]
    if step.status is StepStatus.RETRYING:
        tokens.emit(EventType.STEP_STARTED, step.key, {"attempt": step.attempt + 1})
        tokens.commands.append(Command(CommandKind.RUN, step))
    elif step.waiting == TIME:
        tokens.complete_step(node, step, None, node.next)
    elif node.timeout_next is not None:
        tokens.leave_aside(node, step, EventType.STEP_TIMED_OUT, {}, node.timeout_next)
    else:
        what = f"event '{step.event}' did not come" if step.waiting == EVENT else "the task was not completed"
        error = WorkflowError("timed_out", f"{what} in time", retryable=False, step_id=step.node)
        tokens.fail_step(node, step, error.to_json())


def _signal(tokens: Tokens, stimulus: Signal) -> None:
    state = tokens.state
    step: Step | None
    if stimulus.step is None:
        step = next((step for step in state.open.values() if _awaits(step, stimulus.name)), None)
    else:
        step = state.open.get(stimulus.step)
        if step is None or not _awaits(step, stimulus.name):
            return
    data: dict[str, Any] = {"name": stimulus.name}
    if stimulus.payload is not None:
        data["payload"] = stimulus.payload
    tokens.emit(EventType.SIGNAL_RECEIVED, None if step is None else step.key, data)
    if step is not None and not state.is_paused:
        tokens.resume_wait(tokens.program.nodes[step.node], step)


def _awaits(step: Step, event: str) -> bool:
    return step.event == event and step.received is None


def _task_completed(tokens: Tokens, stimulus: TaskCompleted) -> None:
    step = tokens.state.open.get(stimulus.step)
    if step is None or step.waiting != TASK:
        return
    node = tokens.program.nodes[step.node]
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


def _pause(tokens: Tokens, stimulus: Pause) -> None:
    if not tokens.state.is_paused:
        tokens.emit(EventType.WORKFLOW_PAUSED)


def _resume(tokens: Tokens, stimulus: Resume) -> None:
    state = tokens.state
    if not state.is_paused:
        return
    held = state.held
    tokens.emit(EventType.WORKFLOW_RESUMED)
    for scope, nodes in held.items():
        for node_id in nodes:
            tokens.send(node_id, scope)
    for step in list(state.open.values()):
        # one of them may fail, and others with it
        if step.received is not None and step.key in state.open:
            tokens.resume_wait(tokens.program.nodes[step.node], step)
    # actions that the pause kept from running, or that a reload forgot
    tokens.commands.extend(outstanding(state))
    _fire_timers(tokens)


def _cancel(tokens: Tokens, stimulus: Cancel) -> None:
    tokens.cancel_all("cancelled")
    data = None if stimulus.reason is None else {"reason": stimulus.reason}
    tokens.emit(EventType.WORKFLOW_CANCELLED, None, data)


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
            tokens.fail_step(tokens.program.nodes[step.node], step, error.to_json())


REACT: Mapping[type[Stimulus], Callable[[Tokens, Any], None]] = {
    Start: _start,
    ActionCompleted: _action_completed,
    ActionFailed: _action_failed,
    TimersDue: _timers_due,
    Signal: _signal,
    TaskCompleted: _task_completed,
    Pause: _pause,
    Resume: _resume,
    Cancel: _cancel,
    Recovered: _recovered,
    Fault: _fault,
}
