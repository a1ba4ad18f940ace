"""What people ask of an execution. What cannot be done now is refused, in the log, and changes nothing."""

from __future__ import annotations

import re
from typing import Any

from weftline.language.program import Kind
from weftline.machine import migration, review
from weftline.machine.calls import node_of
from weftline.machine.command import Command, CommandKind, outstanding
from weftline.machine.going_back import arrive, journey
from weftline.machine.step import DONE_AGAIN, Step
from weftline.machine.stimulus import (
    Amend,
    Approve,
    Begin,
    Cancel,
    ChangeData,
    Migrate,
    Pause,
    Reject,
    Resume,
    RetryCompensation,
    RetryStep,
    Rewind,
    Skip,
    Stimulus,
    Submit,
    Validate,
)
from weftline.machine.tokens import Tokens
from weftline.machine.undo import CANCEL, REWIND
from weftline.machine.undoing import begin as begin_undoing
from weftline.machine.undoing import start_undoing
from weftline.model.event import EventType
from weftline.model.status import ExecutionStatus
from weftline.model.stepkey import UNDO, parse_key, place_of

S = ExecutionStatus


class Refusal(Exception):
    """What is asked for cannot be done now.

    Attributes:
        code, message, details: a WorkflowError's.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


def refuse(tokens: Tokens, stimulus: Stimulus, refusal: Refusal) -> None:
    """Leave word that what was asked for cannot be done, and why."""
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.details is not None:
        error["details"] = refusal.details
    message = getattr(stimulus, "message", 0)
    tokens.emit(EventType.COMMAND_REFUSED, None, {"message": message, "command": _name(stimulus), "error": error})


def _name(stimulus: Stimulus) -> str:
    """``RetryStep`` is ``retry_step``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(stimulus).__name__).lower()


def begin(tokens: Tokens, stimulus: Begin) -> None:
    """Start a draft."""
    _require(tokens, "started", S.DRAFT)
    tokens.start(stimulus.by)


def pause(tokens: Tokens, stimulus: Pause) -> None:
    """Begin nothing new."""
    if tokens.state.status is S.PAUSED:
        return
    _require(tokens, "paused", S.DRAFT, S.PENDING, S.RUNNING)
    tokens.emit(EventType.WORKFLOW_PAUSED, None, _by(stimulus.by))
    _command_jobs(tokens, CommandKind.HOLD_JOB)


def resume(tokens: Tokens, stimulus: Resume) -> None:
    """Go on after a pause, or from where a rollback left off."""
    state = tokens.state
    if not state.is_paused:
        return
    held = state.held
    facts = _by(stimulus.by)
    if state.started_at is None and tokens.program.review is not None and state.seq > 1:
        facts = {**(facts or {}), "draft": True}
    if state.status is S.ROLLED_BACK and tokens.program.timeout is not None:
        facts = {**(facts or {}), "deadline": tokens.now + tokens.program.timeout}
    tokens.emit(EventType.WORKFLOW_RESUMED, None, facts)
    _command_jobs(tokens, CommandKind.FREE_JOB)
    # actions that the pause kept from running, or that a reload forgot
    to_run = outstanding(state)
    for scope, nodes in held.items():
        for node_id in nodes:
            tokens.send(node_id, scope)
    for step in list(state.open.values()):
        # one of them may close others: by failing, or by winning a race
        if step.received is not None and step.key in state.open:
            tokens.resume_wait(node_of(tokens.program, state, step), step)
            tokens.settle()
    tokens.commands += [command for command in to_run if state.open.get(command.step.key) is command.step]


def _command_jobs(tokens: Tokens, kind: CommandKind) -> None:
    """Hold or free what waits for remote workers."""
    tokens.commands += [Command(kind, step) for step in tokens.state.open.values() if step.awaits_job]


def cancel(tokens: Tokens, stimulus: Cancel) -> None:
    """End the execution now, or once everything is undone."""
    facts: dict[str, Any] = {}
    for name, value in (("reason", stimulus.reason), ("by", stimulus.by)):
        if value is not None:
            facts[name] = value
    if stimulus.undo and tokens.state.undo and tokens.state.status is not S.COMPENSATING:
        start_undoing(tokens, CANCEL, 0, facts, "cancelled")
    else:
        tokens.cancel_all("cancelled")
        tokens.end_unwell(CANCEL, facts)


def rewind(tokens: Tokens, stimulus: Rewind) -> None:
    """Go back to an earlier point."""
    state = tokens.state
    if state.status is S.COMPENSATING:
        raise Refusal("being_undone", "the execution is being undone already")
    if state.started_at is None:
        raise Refusal("not_started", "the execution has not begun")
    if stimulus.is_rejection:
        _require(tokens, "rejected", S.SUBMITTED)
    if stimulus.expected_rewinds != state.rewinds:
        raise Refusal("gone_back_meanwhile", "the execution has gone back meanwhile; look at it again")
    if stimulus.to_seq > state.seq:
        raise Refusal("no_such_point", f"its log has {state.seq} events")
    if 0 < stimulus.to_seq < state.migrated_at:
        raise Refusal("migrated_since", "it has been migrated to another version since that point")
    rests = stimulus.halts or state.is_paused
    if rests and not stimulus.undo and state.status not in (S.RUNNING, S.PAUSED, S.ROLLED_BACK):
        raise Refusal("not_possible", "it can rest only where what it did is undone")
    asked = _asked(tokens, stimulus)
    if stimulus.undo and (rests or _would_undo(tokens, stimulus.to_seq)):
        # one that rests afterwards was rolled back, even where there was nothing to undo
        start_undoing(tokens, REWIND, stimulus.to_seq, asked, "rolled_back")
        return
    tokens.cancel_all("rolled_back")
    arrive(tokens, {**asked, "toSeq": stimulus.to_seq})


def _asked(tokens: Tokens, stimulus: Rewind) -> dict[str, Any]:
    asked = journey(stimulus)
    if tokens.state.status in (S.PAUSED, S.ROLLED_BACK):
        # whoever paused it decides when it goes on
        asked["halts"] = True
    if stimulus.is_rejection:
        facts = {name: asked[name] for name in ("stepId", "reason", "by") if name in asked}
        tokens.emit(EventType.WORKFLOW_REJECTED, None, facts)
    return asked


def _would_undo(tokens: Tokens, to_seq: int) -> bool:
    newest = next(reversed(tokens.state.undo.values()), None)
    return newest is not None and newest.seq > to_seq


def retry_compensation(tokens: Tokens, stimulus: RetryCompensation) -> None:
    """Try the compensation that failed again."""
    state = tokens.state
    if state.undoing is None or state.undoing.stuck is None:
        raise Refusal("nothing_to_retry", "no compensation has failed")
    key = state.undoing.stuck
    facts = _by(stimulus.by) or {}
    if stimulus.input is not None:
        facts["input"] = stimulus.input
    begin_undoing(tokens, key, state.undo[key], by=facts)


def retry_step(tokens: Tokens, stimulus: RetryStep) -> None:
    """Do an open step again."""
    step = _open_step(tokens, stimulus.step)
    if step.branches is not None:
        raise Refusal("not_possible", f"'{step.node}' is waiting for its branches; do one of their steps again")
    if stimulus.input is not None and tokens.state.is_paused:
        raise Refusal("paused", "resume the execution first")
    place = place_of(step.node, step.scope)
    facts: dict[str, Any] = {"reason": DONE_AGAIN, **(_by(stimulus.by) or {})}
    if step.call is not None and stimulus.input is not None:
        facts["wanted"] = {"node": step.node, "input": stimulus.input}
    tokens.close(step, EventType.STEP_CANCELLED, facts)
    if stimulus.data is not None:
        tokens.emit(EventType.DATA_CHANGED, None, {"data": stimulus.data, **(_by(stimulus.by) or {})})
    if step.call is not None:
        # the function makes its call once more
        return
    if stimulus.input is not None:
        tokens.inputs[place] = stimulus.input
    tokens.send(step.node, step.scope)


def skip(tokens: Tokens, stimulus: Skip) -> None:
    """Pass over an open step, or over the compensation that failed."""
    state = tokens.state
    facts = _by(stimulus.by) or {}
    if stimulus.reason is not None:
        facts["reason"] = stimulus.reason
    if stimulus.step.startswith(UNDO):
        key = stimulus.step[1:]
        if state.undoing is None or state.undoing.stuck != key:
            raise Refusal("step_not_open", f"no compensation of '{key}' has failed")
        tokens.emit(EventType.STEP_COMPENSATION_SKIPPED, key, facts or None)
        return
    step = _open_step(tokens, stimulus.step)
    node = node_of(tokens.program, state, step)
    targets = tokens.way_on(node, step.scope, stimulus.output)
    if step.branches is not None:
        tokens.cancel_branches(step, "skipped")
    if stimulus.output is not None:
        facts["output"] = stimulus.output
    tokens.close(step, EventType.STEP_SKIPPED, facts or None)
    tokens.leave(node, step.scope, targets)


def change_data(tokens: Tokens, stimulus: ChangeData) -> None:
    """Set and remove keys of the shared data."""
    facts: dict[str, Any] = {"data": stimulus.data, **(_by(stimulus.by) or {})}
    if stimulus.remove:
        facts["removed"] = list(stimulus.remove)
    if stimulus.reason is not None:
        facts["reason"] = stimulus.reason
    tokens.emit(EventType.DATA_CHANGED, None, facts)


def amend(tokens: Tokens, stimulus: Amend) -> None:
    """Correct what a person entered."""
    state = tokens.state
    if tokens.program.review is None:
        raise Refusal("not_reviewed", "the workflow has no review")
    _require(tokens, "amended", S.RUNNING, S.PAUSED, S.AWAITING_VALIDATION)
    node_id, scope, _ = parse_key(stimulus.step)
    step = state.latest.get(place_of(node_id, scope))
    node = tokens.program.nodes.get(node_id)
    if step is None or node is None or step.key != stimulus.step or node.kind is not Kind.HUMAN_TASK:
        raise Refusal("step_not_completed", f"nobody has completed '{node_id}'")
    output: dict[str, Any] = {**(step.output or {}), "data": stimulus.data}
    facts: dict[str, Any] = {"output": output, **(_by(stimulus.by) or {})}
    if node.output is not None:
        visible = tokens.scope(scope, {"result": output})
        facts["data"] = {name: template.render(visible) for name, template in node.output.items()}
    tokens.emit(EventType.STEP_AMENDED, stimulus.step, facts)


def validate(tokens: Tokens, stimulus: Validate) -> None:
    """Record what is wrong with what people entered."""
    if tokens.program.review is None:
        raise Refusal("not_reviewed", "the workflow has no review")
    errors = review.errors(tokens.program, tokens.state, tokens.facts)
    facts: dict[str, Any] = {"valid": not errors, **(_by(stimulus.by) or {})}
    if errors:
        facts["errors"] = errors
    tokens.emit(EventType.WORKFLOW_VALIDATED, None, facts)


def submit(tokens: Tokens, stimulus: Submit) -> None:
    """Submit for approval what is valid."""
    _require(tokens, "submitted", S.AWAITING_VALIDATION)
    errors = review.errors(tokens.program, tokens.state, tokens.facts)
    if errors:
        raise Refusal("not_valid", "what was entered is not valid", {"errors": errors})
    tokens.emit(EventType.WORKFLOW_SUBMITTED, None, _by(stimulus.by))


def approve(tokens: Tokens, stimulus: Approve) -> None:
    """Let a submitted execution complete."""
    _require(tokens, "approved", S.SUBMITTED)
    rules = tokens.program.review
    if rules is not None and rules.four_eyes and stimulus.by == tokens.state.submitted_by:
        raise Refusal("four_eyes", "whoever submitted it cannot approve it")
    facts = _by(stimulus.by) or {}
    if stimulus.comment is not None:
        facts["comment"] = stimulus.comment
    tokens.emit(EventType.WORKFLOW_APPROVED, None, facts or None)
    tokens.complete_workflow()


def reject(tokens: Tokens, stimulus: Reject) -> None:
    """Send a submitted execution back to validation."""
    _require(tokens, "rejected", S.SUBMITTED)
    facts = _by(stimulus.by) or {}
    if stimulus.reason is not None:
        facts["reason"] = stimulus.reason
    tokens.emit(EventType.WORKFLOW_REJECTED, None, facts or None)


def migrate(tokens: Tokens, stimulus: Migrate) -> None:
    """Go on with another version of the definition."""
    if tokens.state.status is S.COMPENSATING:
        raise Refusal("being_undone", "the execution is being undone")
    problems = migration.check(tokens.program, stimulus.program, tokens.state, stimulus.nodes)
    if problems:
        details = {"errors": [problem.to_json() for problem in problems]}
        raise Refusal("state_would_be_lost", "the execution cannot go on with that version", details)
    facts: dict[str, Any] = {"version": stimulus.version, **(_by(stimulus.by) or {})}
    if stimulus.nodes:
        facts["nodes"] = dict(stimulus.nodes)
    if stimulus.reason is not None:
        facts["reason"] = stimulus.reason
    tokens.emit(EventType.WORKFLOW_MIGRATED, None, facts)
    tokens.program = stimulus.program


def _require(tokens: Tokens, what: str, *statuses: ExecutionStatus) -> None:
    """Refuse what the execution's status does not allow."""
    status = tokens.state.status
    if status not in statuses:
        shown = tokens.state.resting_status().value
        raise Refusal("wrong_status", f"an execution that is {shown} cannot be {what}", {"status": shown})


def _open_step(tokens: Tokens, key: str) -> Step:
    step = tokens.state.open.get(key)
    if step is None or step.is_undo or step.lingers:
        raise Refusal("step_not_open", f"step '{key}' is not open")
    return step


def _by(who: str | None) -> dict[str, Any] | None:
    return None if who is None else {"by": who}
