"""What an action comes to, as the machine is told: the same as from a worker, but for chance."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from weftline.authoring import ActionError, Context, Result
from weftline.language.json_values import find_flaw, pointer
from weftline.machine.step import Step
from weftline.machine.stimulus import ActionCompleted, ActionFailed
from weftline.model.errors import WorkflowError
from weftline.model.masking import Masker
from weftline.testing.behaviour import Behaviour, Does, Raises, Returns
from weftline.testing.errors import TestProblem

CHANCE = 0.0
"""The chance that every retry's jitter gets: the delay is the longest that the policy allows."""


class Unstorable(ValueError):
    """What an action returned is no JSON that can be stored."""


async def value_of(behaviour: Behaviour, argument: Any) -> Any:
    """What a behaviour comes to; raises what it raises."""
    match behaviour:
        case Returns():
            return behaviour.value
        case Raises():
            raise behaviour.error
        case Does():
            value = behaviour.function(argument)
            return await value if inspect.isawaitable(value) else value


def normalised(value: Any) -> Any:
    """A value as it would be read back from the log: plain JSON, and no object of the author's own.

    Raises:
        Unstorable: it is none that can be stored.
    """
    try:
        plain = orjson.loads(orjson.dumps(value))
    except (orjson.JSONEncodeError, TypeError, RecursionError) as error:
        raise Unstorable(f"not storable as JSON: {error}") from error
    flaw = find_flaw(plain)
    if flaw is not None:
        raise Unstorable(f"{pointer(flaw.path) or 'the whole'}: {flaw.message}")
    return plain


def error_json(error: Exception, step: str) -> dict[str, Any]:
    """How an action's exception is recorded: a WorkflowError's JSON."""
    if isinstance(error, ActionError):
        try:
            details = normalised(dict(error.details))
        except Unstorable:
            details = {"unstorable": True}
        return WorkflowError(error.code, error.message, details, error.retryable, step).to_json()
    kind = type(error).__name__
    message = f"{kind}: {error}" if str(error) else kind
    return WorkflowError("action_failed", message, {"type": kind}, step_id=step).to_json()


async def outcome_of(step: Step, behaviour: Behaviour, context: Context) -> ActionCompleted | ActionFailed:
    """What an attempt of a step comes to where its action behaves so."""
    try:
        value = await value_of(behaviour, context)
        result = value if isinstance(value, Result) else Result(value)
        if not result.success:
            error = result.error()
            return failed(
                step, ActionError(error.message, code=error.code, retryable=error.retryable, details=error.details)
            )
        report = result.report()
        return ActionCompleted(
            step.key,
            step.attempt,
            normalised(result.output),
            None if result.data is None else normalised(dict(result.data)),
            None if report is None else normalised(report),
        )
    except Unstorable as error:
        message = f"the action's output is {error}"
        return failed(step, ActionError(message, code="invalid_output", retryable=False))
    except TestProblem:
        raise
    except Exception as error:
        if isinstance(error, AssertionError) and not (isinstance(behaviour, Does) and behaviour.is_real):
            raise
        return failed(step, error)


def failed(step: Step, error: Exception) -> ActionFailed:
    """An attempt of a step has failed with an exception."""
    after = error.retry_after if isinstance(error, ActionError) else None
    return ActionFailed(step.key, step.attempt, error_json(error, step.node), CHANCE, after)


def masked(outcome: ActionCompleted | ActionFailed, secrets: Mapping[str, str]) -> ActionCompleted | ActionFailed:
    """An outcome as it is stored: without the values of secrets."""
    if not secrets:
        return outcome
    hide = Masker(secrets.values()).json
    if isinstance(outcome, ActionCompleted):
        return replace(outcome, output=hide(outcome.output), data=hide(outcome.data), report=hide(outcome.report))
    return replace(outcome, error=hide(outcome.error))
