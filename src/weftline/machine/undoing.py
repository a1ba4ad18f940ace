"""The saga coordinator: undoes what has completed, the newest first, one after the other.

Each compensation is a step of its own: durable, retried by its policy, and in the log. One that fails for good stops
the whole until somebody tries it again or passes it over; nothing is lost, and nothing is undone out of order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from weftline.language.program import Compensation, ExpressionError, Node, Program, Template
from weftline.machine.calls import is_node, node_of
from weftline.machine.command import Command, CommandKind
from weftline.machine.going_back import arrive
from weftline.machine.jobs import job_facts, open_job
from weftline.machine.scope import revealing
from weftline.machine.step import RUNNING, Step
from weftline.machine.undo import REWIND, UndoEntry
from weftline.machine.values import Failure
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType
from weftline.model.retry import DEFAULT_RETRY
from weftline.model.stepkey import owner_of, parse_key, undo_key

if TYPE_CHECKING:
    from weftline.machine.state import State
    from weftline.machine.tokens import Tokens


def work_of(program: Program, state: State, step: Step) -> Node | Compensation:
    """What says how an open step's action is called: which one, with what timeout and how often.

    Args:
        program, state: the execution's.
        step: of a node with an action, or one that undoes another.
    """
    if not step.is_undo:
        return node_of(program, state, step)
    compensation = _compensation(program, state, step)
    entry = state.undo.get(step.key[1:])
    promised = None if entry is None else entry.connection
    if compensation is not None and compensation.action == step.action:
        return compensation if compensation.connection == promised else replace(compensation, connection=promised)
    # the definition says something else by now; what was promised when the step completed holds
    return Compensation(step.action or "", retry=DEFAULT_RETRY, connection=promised)


def _compensation(program: Program, state: State, step: Step) -> Compensation | None:
    if not is_node(program, state, step.node):
        return None
    node = node_of(program, state, step)
    if step.scope:
        owner, number = owner_of(step.scope)
        if owner.partition("@")[0].partition("~")[0] == step.node and number < len(node.branches):
            return node.branches[number].compensate
    return node.compensate


def undo_of(tokens: Tokens, compensation: Compensation, scope: str, output: Any) -> dict[str, Any]:
    """What a completed step's event says of how to undo it: whatever happens later, this is what was meant."""
    what: dict[str, Any] = {"action": compensation.action}
    if compensation.queue is not None:
        what["queue"] = compensation.queue
    if compensation.connection is not None:
        what["connection"] = compensation.connection
    if compensation.input is None:
        return {**what, "input": output}
    try:
        names = {"result": output, **(revealing(tokens.facts) if compensation.reads_variables else {})}
        input = compensation.input.render(tokens.scope(scope, names))
    except ExpressionError as failure:
        error = WorkflowError(failure.code, f"input of the compensation: {failure.message}", retryable=False)
        return {**what, "error": error.to_json()}
    return {**what, "input": input}


def start_undoing(tokens: Tokens, then: str, to_seq: int, facts: dict[str, Any], reason: str) -> None:
    """Give up what is open, and begin to undo what completed after event ``to_seq``.

    Args:
        tokens: of the turn.
        then: what comes afterwards (see ``weftline.machine.undo``).
        to_seq: number of the last event whose effects stay; 0: none.
        facts: what ``then`` needs.
        reason: why open steps are cancelled.
    """
    tokens.cancel_all(reason)
    tokens.emit(EventType.WORKFLOW_COMPENSATION_STARTED, None, {**facts, "toSeq": to_seq, "then": then})


def undo_next(tokens: Tokens) -> bool:
    """Undo the newest of what is left, or do what comes after; False where that has to wait."""
    state = tokens.state
    undoing = state.undoing
    assert undoing is not None
    if state.open or undoing.stuck is not None:
        return False
    key = next(reversed(state.undo), None)
    if key is None or state.undo[key].seq <= undoing.to_seq:
        _finish(tokens)
        return True
    entry = state.undo[key]
    if entry.error is not None and entry.input is None and entry.child is None:
        # its input could not even be made out
        tokens.emit(EventType.STEP_COMPENSATION_FAILED, key, {"error": entry.error})
        return False
    begin(tokens, key, entry)
    return False


def begin(tokens: Tokens, key: str, entry: UndoEntry, attempt: int = 1, by: dict[str, Any] | None = None) -> None:
    """Begin a compensation, or its next attempt."""
    data: dict[str, Any] = {**(by or {}), "attempt": attempt}
    if entry.child is not None:
        data["child"] = entry.child
    else:
        data["action"] = entry.action
        data.setdefault("input", entry.input)
    if entry.queue is not None:
        try:
            data |= job_facts(tokens, undo_key(key), parse_key(key)[1], entry.queue, _timeout_of(tokens, key, entry))
        except (Failure, ExpressionError) as failure:
            error = WorkflowError(failure.code, failure.message, retryable=False)
            tokens.emit(EventType.STEP_COMPENSATION_FAILED, key, {"error": error.to_json()})
            return
    tokens.emit(EventType.STEP_COMPENSATION_STARTED, key, data)
    step = tokens.state.open[undo_key(key)]
    if entry.queue is not None:
        open_job(tokens, step, entry.queue, entry.action or "")
    else:
        kind = CommandKind.RUN if entry.child is None else CommandKind.ROLL_BACK_CHILD
        tokens.commands.append(Command(kind, step))


def _timeout_of(tokens: Tokens, key: str, entry: UndoEntry) -> float | Template | None:
    """The timeout of a compensation that is about to begin."""
    step = Step(undo_key(key), *parse_key(key), RUNNING, tokens.now)
    step.action = entry.action
    return work_of(tokens.program, tokens.state, step).timeout


def compensated(tokens: Tokens, step: Step, output: Any) -> None:
    """A compensation has done its work."""
    tokens.emit(EventType.STEP_COMPENSATED, step.key[1:], None if output is None else {"output": output})


def compensation_failed(tokens: Tokens, step: Step, error: dict[str, Any]) -> None:
    """A compensation has failed for good."""
    error = {**error, "stepId": step.node}
    tokens.emit(EventType.STEP_COMPENSATION_FAILED, step.key[1:], {"error": error})


def undoing_stopped(tokens: Tokens, step: Step, reason: str) -> None:
    """A compensation is given up while it is under way."""
    was_at_work, awaited_job = step.status is RUNNING, step.awaits_job
    error = WorkflowError("cancelled", f"given up: {reason}", retryable=False)
    compensation_failed(tokens, step, error.to_json())
    if was_at_work:
        tokens.commands.append(Command(CommandKind.ABORT, step))
    elif awaited_job:
        tokens.commands.append(Command(CommandKind.CLOSE_JOB, step))


def _finish(tokens: Tokens) -> None:
    """Everything is undone."""
    undoing = tokens.state.undoing
    assert undoing is not None
    if undoing.then == REWIND:
        arrive(tokens, undoing.data)
    else:
        facts = {name: value for name, value in undoing.data.items() if name not in ("toSeq", "then")}
        tokens.end_unwell(undoing.then, {**facts, "compensated": True})
