"""What a durable function does to its execution: it calls steps, returns, raises, or does not fit its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weftline.language.program import ExpressionError
from weftline.machine.entering import ENTER
from weftline.machine.step import RACE_LOST
from weftline.machine.stimulus import Called, CallRequest, Diverged, Raised, Returned
from weftline.machine.values import Failure
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType
from weftline.model.stepkey import ROOT, key_of

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens

MAX_CALLS = 50_000
"""Calls of one function. All of them are made again whenever it is taken up after a crash."""


def called(tokens: Tokens, stimulus: Called) -> None:
    """Let the calls become steps, and close those that nobody waits for."""
    state = tokens.state
    if stimulus.given_up:
        ids = set(stimulus.given_up)
        for step in [step for step in state.open.values() if step.call in ids]:
            tokens.close(step, EventType.STEP_CANCELLED, {"reason": RACE_LOST})
    for request in stimulus.calls:
        if state.has_ended or state.is_paused:
            return
        if state.calls is not None and len(state.calls.made) >= MAX_CALLS:
            message = f"the function has made {MAX_CALLS} calls; let it start another execution for the rest"
            tokens.fail_workflow(WorkflowError("too_many_calls", message, retryable=False).to_json())
            return
        facts = {"call": request.id}
        if state.calls is None or state.calls.specs.get(request.node.id) != request.spec:
            facts = {**facts, "node": request.spec}
        tokens.calling = facts
        _enter(tokens, request)
        tokens.calling = None


def _enter(tokens: Tokens, request: CallRequest) -> None:
    state, node = tokens.state, request.node
    key = key_of(node.id, ROOT, state.visits.get(node.id, state.floor) + 1)
    wanted = None if state.calls is None else state.calls.wanted
    if wanted is not None and wanted["node"] == node.id:
        if wanted.get("skip"):
            facts = {name: wanted[name] for name in ("reason", "by") if name in wanted}
            tokens.emit(EventType.STEP_SKIPPED, key, {**facts, "output": wanted.get("input")})
            return
        tokens.inputs[node.id] = wanted["input"]
    elif request.input is not None:
        tokens.inputs[node.id] = request.input
    try:
        ENTER[node.kind](tokens, node, ROOT, key)
    except (Failure, ExpressionError) as failure:
        # a step that could not even begin still shows in the log as one that failed
        tokens.emit(EventType.STEP_STARTED, key)
        error = WorkflowError(failure.code, failure.message, retryable=False)
        tokens.fail_step(node, state.open[key], error.to_json())


def returned(tokens: Tokens, stimulus: Returned) -> None:
    """End the execution well."""
    tokens.complete_workflow(stimulus.output)


def raised(tokens: Tokens, stimulus: Raised) -> None:
    """Do what the workflow's error handling says."""
    tokens.fail_workflow(stimulus.error, stimulus.cause)


def diverged(tokens: Tokens, stimulus: Diverged) -> None:
    """Rest until somebody has seen to it: nothing is lost, and nothing is done that the log does not lead to."""
    if not tokens.state.is_paused:
        tokens.emit(EventType.WORKFLOW_PAUSED, None, {"reason": "workflow_changed", "error": stimulus.error})
