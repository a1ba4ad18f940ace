"""Runs actions.

Actions run in *lanes*: tasks that take one attempt after another from a queue. An action that returns without ever
waiting costs no task and no switch: its lane simply goes on with the next. When an action waits, its lane waits with
it, and another lane takes the rest of the queue; it was woken when the first lane took an attempt and left others.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from weftline.authoring.action import ActionDefinition, ActionRegistry
from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, StepCancelled, UnknownAction
from weftline.authoring.plugin.registry import plugin_of
from weftline.authoring.result import Result
from weftline.engine.attempt import Attempt
from weftline.engine.clock import Clock
from weftline.engine.guard import HeldBack
from weftline.engine.run import Run
from weftline.engine.surroundings import audit_rows
from weftline.engine.traces import told
from weftline.language.durations import DurationError, parse_duration
from weftline.language.json_values import storable_text
from weftline.language.program import ExpressionError, Template
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import Step
from weftline.machine.stimulus import ActionCompleted, ActionFailed
from weftline.machine.undoing import work_of
from weftline.model.errors import WorkflowError
from weftline.model.secrets import may_hold_markers
from weftline.store.errors import StoreUnavailable, Unstorable
from weftline.store.json_text import encode

if TYPE_CHECKING:
    from uuid import UUID

    from weftline.engine.connections import Connections
    from weftline.engine.joined import JoinedTransaction
    from weftline.store.variables import VariableSet

log = structlog.get_logger(__name__)

Outcome = ActionCompleted | ActionFailed

MAX_DEPTH = 64
"""Levels of nesting that an output may have; deeper JSON is a danger to everything that reads it later."""


FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 2.0, 60.0
"""How soon a step that waits for a plugin looks whether it is there, at first and at last."""

MAX_IN_A_ROW = 200
"""Attempts after which a lane lets others go on, though none had to wait: what they came to can be committed while
the next ones run."""


class Executor:
    """Runs actions in lanes, and reports each outcome.

    Args:
        registry: finds actions by name.
        clock: for scopes of computed timeouts.
        report: called with an attempt and what came of it.
        miss: called instead where the attempt's action is unknown, with what that would come to.
        lose: called instead where the database went away under the action's transaction; no fault of the action.
        open_joined: begins a transaction for an attempt that wants to join its own.
        configuration_of: looks up a tenant's configuration.
        variables_of: looks up a run's variables.
        connections: those to integrations, and the actions of imported ones.
        is_disabled: whether a tenant has disabled a plugin.
        lanes: attempts that may be waiting at once.
        threads: plain functions that may run at once.
    """

    def __init__(
        self,
        registry: ActionRegistry,
        clock: Clock,
        report: Callable[[Attempt, Outcome], None],
        miss: Callable[[Attempt, ActionFailed], None],
        lose: Callable[[Run], None],
        open_joined: Callable[[Attempt], Awaitable[JoinedTransaction]],
        configuration_of: Callable[[UUID], Awaitable[dict[str, Any]]],
        variables_of: Callable[[Run], Awaitable[VariableSet]],
        connections: Connections,
        is_disabled: Callable[[UUID, str], bool],
        *,
        lanes: int,
        threads: int,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._report = report
        self._miss = miss
        self._lose = lose
        self._open_joined = open_joined
        self._configuration_of = configuration_of
        self._variables_of = variables_of
        self._connections = connections
        self._is_disabled = is_disabled
        self._max_lanes = lanes
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="weft-action")
        self._queue: deque[Attempt] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._is_waking = False
        self._working = 0
        self._is_stopping = False
        self._quiet = asyncio.Event()
        self._quiet.set()

    # --- work -------------------------------------------------------------------------------------------------------

    def submit(self, run: Run, step: Step) -> None:
        """Run the action of a step, soon."""
        attempt = Attempt(run, step, self._open_joined, self._configuration_of, self._variables_of, self._connections)
        run.inflight[step.key] = attempt
        self._queue.append(attempt)
        self._call_lane()

    @property
    def load(self) -> int:
        """Attempts queued or at work."""
        return len(self._queue) + self._working

    async def quiet(self) -> None:
        """Wait until nothing is at work."""
        while self.load:
            self._quiet.clear()
            await self._quiet.wait()

    def withdraw(self, run: Run) -> None:
        """Take back the attempts of a run whose actions have not begun."""
        for key, attempt in list(run.inflight.items()):
            if attempt.withdraw():
                del run.inflight[key]

    def discard_queue(self) -> None:
        """Forget the attempts that have not begun."""
        for attempt in self._queue:
            attempt.run.inflight.pop(attempt.step.key, None)
        self._queue.clear()

    async def stop(self) -> None:
        """End every lane and the threads' pool; what still runs is cancelled."""
        self._is_stopping = True
        lanes = list(self._lanes)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        self._lanes.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- lanes ------------------------------------------------------------------------------------------------------

    def _call_lane(self) -> None:
        """See to it that some lane will look at the queue."""
        if self._is_waking:
            return
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():
                self._is_waking = True
                idle.set_result(None)
                return
        if len(self._lanes) < self._max_lanes:
            self._is_waking = True
            lane = asyncio.create_task(self._lane(), name="weft-lane")
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    async def _lane(self) -> None:
        lane = asyncio.current_task()
        assert lane is not None
        while True:
            self._is_waking = False
            in_a_row = 0
            while self._queue:
                in_a_row += 1
                if in_a_row % MAX_IN_A_ROW == 0:
                    await asyncio.sleep(0)
                    if not self._queue:
                        break
                attempt = self._queue.popleft()
                if self._queue:
                    self._call_lane()
                self._working += 1
                try:
                    await self._attempt(attempt, lane)
                finally:
                    self._working -= 1
                    if not self._working and not self._quiet.is_set():
                        self._quiet.set()
            idle = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle

    async def _attempt(self, attempt: Attempt, lane: asyncio.Task[None]) -> None:
        """Run one attempt to its outcome and report it."""
        if attempt.is_aborted:
            return
        attempt.begin(lane)
        try:
            outcome = await self._outcome(attempt)
        except asyncio.CancelledError:
            if not attempt.is_aborted or self._is_stopping:
                raise
            # aborted: the lane itself goes on
            lane.uncancel()
            outcome = None
        attempt.finish()
        if attempt.secrets is not None:
            outcome = None if outcome is None else attempt.secrets.outcome(outcome)
            attempt.forget_secrets(attempt.secrets)
        if outcome is None or attempt.is_aborted:
            if attempt.joined is not None:
                await attempt.joined.roll_back()
            return
        if attempt.joined is None:
            self._report(attempt, outcome)
        else:
            await attempt.joined.conclude(outcome)

    async def _outcome(self, attempt: Attempt) -> Outcome | None:
        """Run the action, and turn whatever it does into an outcome; None where somebody else takes care of it."""
        work = work_of(attempt.run.program, attempt.run.state, attempt.step)
        try:
            attempt.connection = work.connection
            action = await self._action(attempt, work.action)
            given, has_markers = _copy_of_input(attempt.step)
            if has_markers:
                given = await attempt.revealed(given)
            context = self._context(attempt, given)
            if work.timeout is None:
                value = await self._call(attempt, action, context)
            else:
                seconds = self._timeout(attempt, work.timeout)
                async with asyncio.timeout(seconds) as deadline:
                    attempt.limit(deadline, seconds)
                    value = await self._call(attempt, action, context)
            return self._completed(attempt, value)
        except ActionError as error:
            return self._failed(attempt, error.code, error.message, error)
        except TimeoutError as error:
            if work.timeout is not None:
                return self._failed(attempt, "timed_out", "the attempt did not end within its timeout")
            return self._crashed(attempt, error)
        except StepCancelled:
            return None
        except UnknownAction as error:
            self._miss(attempt, self._failed(attempt, "unknown_action", str(error)))
            return None
        except Unstorable as error:
            return self._failed(attempt, "invalid_output", f"the action's output is {error}", retryable=False)
        except Exception as error:
            joined = attempt.joined
            if isinstance(error, StoreUnavailable) or (joined is not None and joined.is_broken):
                log.warning(
                    "the database went away under an action",
                    execution_id=attempt.run.id_text,
                    error=str(error),
                    **attempt.run.origin.log_fields(),
                )
                attempt.finish()
                self._lose(attempt.run)
                return None
            return self._crashed(attempt, error)

    async def _action(self, attempt: Attempt, name: str) -> ActionDefinition:
        """The action of a name: one that is registered here, else of an integration that the tenant has imported.

        Raises:
            UnknownAction: there is none.
            HeldBack: it is a plugin's that does not run, or that the tenant has disabled; or its input has to pass
                a check of one that does not run.
        """
        owner = self._registry.owner_of(name)
        if owner is not None:
            self._check_plugin(attempt, name, owner)
        try:
            found = self._registry.get(name)
        except UnknownAction:
            imported = await self._connections.action(attempt.run.tenant.id, name)
            if imported is None:
                raise
            return imported
        missing = None if found.takes is None else found.takes.missing()
        if missing is not None:
            plugin = plugin_of(missing)
            reason = f"the plugin '{plugin}', whose check '{missing}' the input of '{name}' has to pass, does not run"
            raise _held_back(attempt, plugin, reason)
        return found

    def _check_plugin(self, attempt: Attempt, name: str, plugin: str) -> None:
        if self._is_disabled(attempt.run.tenant.id, plugin):
            reason = "is disabled in this tenant"
        elif name not in self._registry.current_names():
            reason = "does not run"
        else:
            return
        raise _held_back(attempt, plugin, f"the plugin '{plugin}', whose action '{name}' is, {reason}")

    async def _call(self, attempt: Attempt, action: ActionDefinition, context: Context) -> Any:
        action.refuse_misfit(context.input)
        if action.is_async:
            return await action.function(context)
        job = self._threads.submit(action.function, context)
        attempt.wait_for_thread(job)
        return await asyncio.wrap_future(job)

    def _context(self, attempt: Attempt, input: dict[str, Any] | None) -> Context:
        run, step = attempt.run, attempt.step
        return Context(
            attempt,
            input=input,
            attempt=attempt.number,
            idempotency_key=f"{run.id_text}/{step.known_as}",
            tenant=run.tenant,
            execution_id=run.id,
            workflow_id=run.workflow_id,
            step_id=step.node,
            logger=attempt.logger,
        )

    def _timeout(self, attempt: Attempt, timeout: float | Template) -> float:
        if isinstance(timeout, float | int):
            return timeout
        run = attempt.run
        try:
            return parse_duration(timeout.render(ExecutionScope(run.state, run.facts, attempt.step.scope)))
        except (ExpressionError, DurationError) as error:
            raise ActionError(f"timeout: {error}", code="invalid_duration", retryable=False) from None

    # --- outcomes ---------------------------------------------------------------------------------------------------

    def _completed(self, attempt: Attempt, value: Any) -> Outcome:
        data: dict[str, Any] | None = None
        report: dict[str, Any] | None = None
        if isinstance(value, Result):
            if not value.success:
                return self._refused(attempt, value)
            if value.data is not None:
                data = normalised(dict(value.data))
            report = value.report()
            value = value.output
        if value is not None:
            value = normalised(value)
        if attempt.left is not None:
            attempt.audits = audit_rows(attempt.run, attempt.step, attempt.left, attempt.secrets)
            if metrics := attempt.left.metrics.to_json():
                report = {**(report or {}), "metrics": metrics}
        if report is not None:
            report = normalised(report)
        return ActionCompleted(attempt.step.key, attempt.number, value, data, report)

    def _refused(self, attempt: Attempt, result: Result) -> ActionFailed:
        """The action says that it failed."""
        error = result.error()
        details = normalised(dict(error.details))
        return self._failed(attempt, error.code, error.message, retryable=error.retryable, details=details)

    def _failed(
        self,
        attempt: Attempt,
        code: str,
        message: str,
        error: ActionError | None = None,
        *,
        retryable: bool = True,
        details: dict[str, Any] | None = None,
    ) -> ActionFailed:
        retry_after = None
        if error is not None:
            retryable, retry_after = error.retryable, error.retry_after
            try:
                details = normalised(dict(error.details))
            except Unstorable:
                details = {"unstorable": True}
        body = WorkflowError(
            code=storable_text(code),
            message=storable_text(message),
            details=details or {},
            retryable=retryable,
            step_id=attempt.step.node,
        )
        # chance for the retry's jitter; nothing secret depends on it
        chance = random.random()  # noqa: S311
        return ActionFailed(
            attempt.step.key,
            attempt.number,
            body.to_json(),
            chance,
            retry_after,
            held=isinstance(error, HeldBack),
            policy=attempt.policy,
        )

    def _crashed(self, attempt: Attempt, error: BaseException) -> ActionFailed:
        """An exception that the author did not foresee: the trace goes to the log, not into the record."""
        kind = type(error).__name__
        run = attempt.run
        log.warning(
            "action failed",
            tenant=run.tenant.slug,
            execution_id=run.id_text,
            workflow_id=run.workflow_id,
            step=attempt.step.key,
            attempt=attempt.number,
            **run.origin.log_fields(),
            **_trace(attempt, error),
        )
        message = f"{kind}: {error}" if str(error) else kind
        return self._failed(attempt, "action_failed", message, details={"type": kind})


def _trace(attempt: Attempt, error: BaseException) -> dict[str, Any]:
    """What the log tells of an exception."""
    if attempt.is_encrypted or attempt.secrets is None:
        return told(error, is_encrypted=attempt.is_encrypted)
    return {"exception": attempt.secrets.trace(error)}


def _held_back(attempt: Attempt, plugin: str, reason: str) -> HeldBack:
    """The step waits for a plugin, and looks again, ever more seldom."""
    wait = min(FIRST_LOOK_SECONDS * 2.0 ** min(attempt.step.held, 10), LAST_LOOK_SECONDS)
    return HeldBack(reason, code="plugin_stopped", details={"plugin": plugin}, retry_after=wait)


def _copy_of_input(step: Step) -> tuple[Any, bool]:
    """A step's input for its action to use as it likes, and whether it may hold markers of secrets."""
    if step.input is None:
        return None, False
    text = orjson.dumps(step.input)
    return orjson.loads(text), may_hold_markers(text)


def normalised(value: Any) -> Any:
    """A value as it will be read back from the log: plain JSON, and no object of the author's own.

    Raises:
        Unstorable: it is no JSON, nested too deeply, or holds a NUL character.
    """
    text = encode(value)
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Unstorable(f"nested more than {MAX_DEPTH} levels deep")
    return orjson.loads(text)


def _depth(text: str) -> int:
    """Levels of nesting of JSON text."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
