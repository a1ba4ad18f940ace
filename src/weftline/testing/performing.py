"""Runs what a step calls: the mock that stands in for its action, or the action itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import orjson
import structlog

from weftline.authoring import ActionError, ActionRegistry, Context, UnknownAction
from weftline.authoring.surroundings import AuditNote, Surroundings
from weftline.language.durations import DurationError, parse_duration
from weftline.language.program import ExpressionError, Template
from weftline.machine.scope import ExecutionScope
from weftline.machine.step import Step
from weftline.machine.stimulus import ActionCompleted, ActionFailed
from weftline.machine.undoing import work_of
from weftline.model.cause import Cause
from weftline.model.secrets import replaced
from weftline.testing.behaviour import Behaviour, Does, Mock, Mocks
from weftline.testing.errors import NeedsDatabase, UnmockedAction
from weftline.testing.execution import Execution
from weftline.testing.outcomes import failed, masked, outcome_of

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

HARMLESS = ("echo", "log")
"""Built-in actions that do nothing outside, and so run in every test."""

NOTIFY = "notify"
"""The action behind nodes of type ``notification``: a test records what it would send, and sends nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of an action.

    Attributes:
        action: its name.
        step: the node that called it.
        key: the step's key.
        attempt: from 1.
        input: what it got, JSON.
        idempotency_key: the same in every attempt of a step.
        at: when, Unix seconds of the test's clock.
        is_undo: it undoes what the step did.
    """

    action: str
    step: str
    key: str
    attempt: int
    input: Any
    idempotency_key: str
    at: float
    is_undo: bool


class Performed(NamedTuple):
    """What came of an attempt.

    Attributes:
        stimulus: for the execution.
        takes: after how many seconds.
    """

    stimulus: ActionCompleted | ActionFailed
    takes: float


class Host:
    """The test's side of an action's context; see :class:`weftline.authoring.context.StepHost`."""

    def __init__(self, execution: Execution, step: Step) -> None:
        self._execution = execution
        self._step = step
        self.surroundings = Surroundings(execution.origin.context, execution.origin.started_by)
        self.cause = Cause.of(execution.origin.context)
        self.is_encrypted = False

    def snapshot_data(self) -> dict[str, Any]:
        """A copy of the shared data."""
        return orjson.loads(orjson.dumps(self._execution.state.data))

    def snapshot_input(self) -> dict[str, Any]:
        """A copy of the execution's input."""
        return orjson.loads(orjson.dumps(self._execution.state.input))

    def heartbeat(self) -> None:
        """Nothing: time stands still while an action runs."""

    async def tenant_configuration(self) -> dict[str, Any]:
        """What the test says that it is."""
        return dict(self._execution.origin.configuration)

    async def secret(self, name: str) -> str:
        """The value that the test gives it."""
        try:
            return self._execution.origin.secrets[name]
        except KeyError:
            raise ActionError(f"there is no secret '{name}'", code="unknown_secret", retryable=False) from None

    @property
    def connection(self) -> str | None:
        """What the step names."""
        return work_of(self._execution.program, self._execution.state, self._step).connection

    def connected(self, integration: str | None, is_needed: bool) -> NoReturn:
        """There is none: the test says what comes of the integration's actions."""
        reached = integration or f"the connection '{self.connection}'"
        message = f"the step '{self._step.node}' reaches {reached}: say what comes of it with a mock"
        raise ActionError(message, code="unknown_connection", retryable=False)

    async def join_transaction(self) -> NoReturn:
        """There is no database."""
        raise NeedsDatabase(self._step.node)


class Performer:
    """Runs actions.

    Args:
        mocks: what stands in for them.
        registry: finds those that are real.
        otherwise: what an action does that nothing is said about, given its name and the node; None: that is an error.

    Attributes:
        calls: every attempt, in order.
        audits: the audit entries that those left that ended well.
    """

    def __init__(
        self, mocks: Mocks, registry: ActionRegistry, otherwise: Callable[[str, str], Behaviour] | None = None
    ) -> None:
        self._mocks = mocks
        self._registry = registry
        self._otherwise = otherwise
        self._counts: Counter[tuple[str, str]] = Counter()
        self.calls: list[Call] = []
        self.audits: list[AuditNote] = []

    async def perform(
        self, execution: Execution, step: Step, action: str, now: float, timeout: float | Template | None = None
    ) -> Performed:
        """Run one attempt of a step.

        Args:
            execution: whose.
            step: which; open, and at work.
            action: what it calls.
            now: Unix seconds.
            timeout: of the attempt.

        Raises:
            UnmockedAction: the test says nothing about its action.
        """
        host = Host(execution, step)
        context = self._context(execution, step, host)
        behaviour = self._behaviour(action, step)
        self.calls.append(
            Call(
                action,
                step.node,
                step.key,
                step.attempt,
                context.input,
                context.idempotency_key,
                now,
                step.is_undo,
            )
        )
        try:
            seconds = None if timeout is None else _timeout(timeout, execution, step)
        except ActionError as error:
            return Performed(failed(step, error), 0.0)
        if seconds is not None and behaviour.takes > seconds:
            late = ActionError("the attempt did not end within its timeout", code="timed_out")
            return Performed(failed(step, late), seconds)
        try:
            self._refuse_misfit(action, context)
        except ActionError as error:
            return Performed(failed(step, error), 0.0)
        outcome = await outcome_of(step, behaviour, context)
        if isinstance(outcome, ActionCompleted):
            self.audits += host.surroundings.audit_trail
            if metrics := host.surroundings.metrics.to_json():
                outcome = replace(outcome, report={**(outcome.report or {}), "metrics": metrics})
        return Performed(masked(outcome, execution.origin.secrets), behaviour.takes)

    def _behaviour(self, action: str, step: Step) -> Behaviour:
        mocks = self._mocks
        if step.node in mocks.steps and not step.is_undo:
            return self._next(("step", step.node), mocks.steps[step.node])
        if action in mocks.actions:
            return self._next(("action", action), mocks.actions[action])
        if action in HARMLESS or mocks.is_real(action):
            return Does(self._real(action), is_real=True)
        if action == NOTIFY:
            return Does(_notified)
        if self._otherwise is not None:
            return self._otherwise(action, step.node)
        raise UnmockedAction(action, step.node)

    def _next(self, name: tuple[str, str], mock: Mock) -> Behaviour:
        self._counts[name] += 1
        return mock.at(self._counts[name] - 1)

    def _real(self, action: str) -> Callable[[Context], Any]:
        try:
            return self._registry.get(action).function
        except UnknownAction as error:
            failure = ActionError(str(error), code="unknown_action")

            def unknown(context: Context) -> NoReturn:
                raise failure

            return unknown

    def _refuse_misfit(self, action: str, context: Context) -> None:
        """What an action would refuse is refused by what stands in for it, too."""
        with suppress(UnknownAction):
            self._registry.get(action).refuse_misfit(context.input)

    def _context(self, execution: Execution, step: Step, host: Host) -> Context:
        given = None if step.input is None else orjson.loads(orjson.dumps(step.input))
        return Context(
            host,
            input=replaced(given, lambda name, _: execution.origin.secrets[name]),
            attempt=step.attempt,
            idempotency_key=f"{execution.id}/{step.known_as}",
            tenant=execution.origin.tenant,
            execution_id=execution.id,
            workflow_id=execution.program.id,
            step_id=step.node,
            logger=_logger,
        )


def _timeout(timeout: float | Template, execution: Execution, step: Step) -> float:
    if isinstance(timeout, float | int):
        return timeout
    try:
        return parse_duration(timeout.render(ExecutionScope(execution.state, execution.facts, step.scope)))
    except (ExpressionError, DurationError) as error:
        raise ActionError(f"timeout: {error}", code="invalid_duration", retryable=False) from None


def _notified(context: Context) -> dict[str, Any]:
    """What the action would return."""
    asked = context.input
    to: Any = asked.get("to")
    return {
        "channel": asked.get("channel", "email"),
        "to": to if isinstance(to, list) else [to],
        "subject": asked.get("subject"),
    }


def _logger(context: Context) -> FilteringBoundLogger:
    return structlog.get_logger("weftline.action").bind(step=context.step_id, attempt=context.attempt)
