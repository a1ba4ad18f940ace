"""What follows where an attempt has failed: another one, later, or the end of the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from weftline.language.program import Node, Strategy
from weftline.machine.step import Step
from weftline.machine.undoing import compensation_failed, work_of
from weftline.model.event import EventType
from weftline.model.retry import DEFAULT_RETRY, RetryPolicy
from weftline.model.status import StepStatus

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens

RETRYING = StepStatus.RETRYING
"""Bound once: a member of an enumeration is slow to reach by attribute."""

MAX_RETRY_AFTER = 86_400.0
"""Seconds: the longest that the other side's wish can put off the next attempt."""

HELD = RetryPolicy(initial_interval=15.0, backoff=2.0, max_interval=3_600.0, jitter=0.0)
"""When an attempt that was held back is made again, where nothing says when its time will be."""


def attempt_failed(
    tokens: Tokens,
    node: Node,
    step: Step,
    error: dict[str, Any],
    chance: float,
    retry_after: float | None = None,
    usual: RetryPolicy | None = None,
) -> None:
    """An attempt of a step has failed: it is tried again, or the step has failed for good.

    Args:
        tokens: of the turn.
        node, step: which.
        error: a WorkflowError's JSON.
        chance: a number in [0, 1) for the retry policy's jitter.
        retry_after: seconds the other side asked to wait, or None.
        usual: the policy where the definition has none; None: the platform's.
    """
    delay = _delay(tokens, _policy(node.retry, usual), _spent(step), error, chance, retry_after)
    if delay is None:
        tokens.fail_step(node, step, error)
    else:
        data = {"error": error, "attempt": step.attempt, "dueAt": tokens.now + delay}
        tokens.emit(EventType.STEP_RETRY_SCHEDULED, step.key, data)


def attempt_held(tokens: Tokens, step: Step, error: dict[str, Any], retry_after: float | None) -> None:
    """An attempt of a step, or of what undoes one, was held back: it is made again, however often it takes.

    Args:
        tokens: of the turn.
        step: which.
        error: why, a WorkflowError's JSON.
        retry_after: seconds until its time may have come; None: nobody knows.
    """
    delay = HELD.delay(step.held + 1, 0.0) if retry_after is None else min(retry_after, MAX_RETRY_AFTER)
    data = {"error": error, "attempt": step.attempt, "dueAt": tokens.now + delay, "isHeld": True}
    if step.is_undo:
        tokens.emit(EventType.STEP_COMPENSATION_RETRY_SCHEDULED, step.key[1:], data)
    else:
        tokens.emit(EventType.STEP_RETRY_SCHEDULED, step.key, data)


def is_held_by(step: Step, connection: str) -> bool:
    """Whether a step's next attempt waits for a connection.

    Args:
        step: which.
        connection: the connection's id.
    """
    if step.status is not RETRYING or not step.held or step.error is None:
        return False
    return step.error.get("details", {}).get("connectionId") == connection


def compensation_attempt_failed(
    tokens: Tokens,
    step: Step,
    error: dict[str, Any],
    chance: float,
    retry_after: float | None = None,
    usual: RetryPolicy | None = None,
) -> None:
    """An attempt to undo a step has failed; see :func:`attempt_failed`."""
    policy = _policy(work_of(tokens.program, tokens.state, step).retry, usual)
    delay = _policy_delay(policy, _spent(step), error, chance, retry_after)
    if delay is None:
        compensation_failed(tokens, step, error)
    else:
        data = {"error": error, "attempt": step.attempt, "dueAt": tokens.now + delay}
        tokens.emit(EventType.STEP_COMPENSATION_RETRY_SCHEDULED, step.key[1:], data)


def _spent(step: Step) -> int:
    """How many attempts the policy has seen: those that were held back count for nothing."""
    return step.attempt - step.held


def _policy(said: RetryPolicy, usual: RetryPolicy | None) -> RetryPolicy:
    # the very object stands for a definition that says nothing; one that says the same in words means it
    return usual if usual is not None and said is DEFAULT_RETRY else said


def _delay(
    tokens: Tokens,
    policy: RetryPolicy,
    attempt: int,
    error: Mapping[str, Any],
    chance: float,
    retry_after: float | None,
) -> float | None:
    """Seconds until the next attempt, or None where there is none.

    The step's own attempts come first; where the workflow's strategy is to retry, it then has that many rounds more.
    """
    delay = _policy_delay(policy, attempt, error, chance, retry_after)
    handling = tokens.program.on_failure
    if delay is not None or handling.strategy is not Strategy.RETRY:
        return delay
    is_hopeless = not error["retryable"] or error["code"] in policy.non_retryable
    return None if is_hopeless or attempt >= policy.max_attempts + handling.max_retries else handling.retry_delay


def _policy_delay(
    policy: RetryPolicy, attempt: int, error: Mapping[str, Any], chance: float, retry_after: float | None
) -> float | None:
    if not error["retryable"] or error["code"] in policy.non_retryable or attempt >= policy.max_attempts:
        return None
    delay = policy.delay(attempt, chance)
    return delay if retry_after is None else max(delay, min(retry_after, MAX_RETRY_AFTER))
