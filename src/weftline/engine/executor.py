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
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from weftline.authoring.action import ActionDefinition, ActionRegistry
from weftline.authoring.context import Context, Result
from weftline.authoring.errors import ActionError, StepCancelled, UnknownAction
from weftline.engine.clock import Clock
from weftline.engine.run import Run
from weftline.language.durations import DurationError, parse_duration
from weftline.language.program import ExpressionError, Node
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import Step
from weftline.machine.stimulus import ActionCompleted, ActionFailed
from weftline.model.errors import WorkflowError
from weftline.store.commit import encode
from weftline.store.errors import StoreUnavailable, Unstorable

if TYPE_CHECKING:
    import asyncpg
    from structlog.typing import FilteringBoundLogger

    from weftline.engine.joined import JoinedTransaction

log = structlog.get_logger(__name__)

Outcome = ActionCompleted | ActionFailed

MAX_DEPTH = 64
"""Levels of nesting that an output may have; deeper JSON is a danger to everything that reads it later."""


class Attempt:
    """One attempt of one step, while it runs. The engine's side of the action's context."""

    __slots__ = (
        "_deadline",
        "_has_begun",
        "_job",
        "_lane",
        "_loop",
        "_seconds",
        "is_aborted",
        "joined",
        "number",
        "open_joined",
        "run",
        "step",
    )

    def __init__(self, run: Run, step: Step, open_joined: Callable[[Attempt], Awaitable[JoinedTransaction]]) -> None:
        self.run = run
        self.step = step
        self.number = step.attempt
        self.is_aborted = False
        self.joined: JoinedTransaction | None = None
        self.open_joined = open_joined
        self._lane: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadline: asyncio.Timeout | None = None
        self._seconds = 0.0
        self._has_begun = False
        self._job: Future[Any] | None = None

    # --- StepHost, called by the action -----------------------------------------------------------------------------

    def snapshot_data(self) -> dict[str, Any]:
        """A copy of the shared data."""
        return orjson.loads(orjson.dumps(self.run.state.data))

    def snapshot_input(self) -> dict[str, Any]:
        """A copy of the execution's input."""
        return orjson.loads(orjson.dumps(self.run.state.input))

    def heartbeat(self) -> None:
        """Start the timeout anew; in a plain function also: stop, if the step is no longer wanted."""
        if self.is_aborted:
            raise StepCancelled
        if self._deadline is not None and self._loop is not None:
            # an action in a thread must not touch the loop's timers itself
            self._loop.call_soon_threadsafe(self._extend)

    async def join_transaction(self) -> asyncpg.Connection[asyncpg.Record]:
        """The connection whose transaction commits with the step's result."""
        if asyncio.current_task() is not self._lane:
            raise RuntimeError("only the async action itself can join its step's transaction")
        if self.joined is None:
            self.joined = await self.open_joined(self)
        return self.joined.connection

    # --- called by the executor -------------------------------------------------------------------------------------

    def begin(self, lane: asyncio.Task[None] | None) -> None:
        """The attempt is at work in this lane."""
        self._has_begun = True
        self._lane = lane

    def wait_for_thread(self, job: Future[Any]) -> None:
        """The action is a plain function, and runs when a thread is free."""
        self._job = job

    def withdraw(self) -> bool:
        """Stop the attempt if its action has not begun; returns whether that is so."""
        if self._has_begun and (self._job is None or not self._job.cancel()):
            return False
        self.is_aborted = True
        return True

    def limit(self, deadline: asyncio.Timeout, seconds: float) -> None:
        """The attempt must end within ``seconds`` of the last heartbeat."""
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._seconds = seconds

    def _extend(self) -> None:
        if self._deadline is not None and self._loop is not None and not self._deadline.expired():
            self._deadline.reschedule(self._loop.time() + self._seconds)

    def finish(self) -> None:
        """The action has returned."""
        self._lane = None
        self._deadline = None

    def abort(self) -> None:
        """Stop the action if it waits; its result is void."""
        self.is_aborted = True
        if self._lane is not None:
            self._lane.cancel()


class Executor:
    """Runs actions in lanes, and reports each outcome.

    Args:
        registry: finds actions by name.
        clock: for scopes of computed timeouts.
        report: called with an attempt and what came of it.
        miss: called instead where the attempt's action is unknown, with what that would come to.
        lose: called instead where the database went away under the action's transaction; no fault of the action.
        open_joined: begins a transaction for an attempt that wants to join its own.
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
        attempt = Attempt(run, step, self._open_joined)
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
            while self._queue:
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
        step = attempt.step
        node = attempt.run.program.nodes[step.node]
        try:
            action = self._registry.get(node.action)
            context = self._context(attempt)
            if node.timeout is None:
                value = await self._call(attempt, action, context)
            else:
                seconds = self._timeout(attempt, node)
                async with asyncio.timeout(seconds) as deadline:
                    attempt.limit(deadline, seconds)
                    value = await self._call(attempt, action, context)
            return self._completed(attempt, value)
        except ActionError as error:
            return self._failed(attempt, error.code, error.message, error)
        except TimeoutError as error:
            if node.timeout is not None:
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
                    "the database went away under an action", execution_id=attempt.run.id_text, error=str(error)
                )
                attempt.finish()
                self._lose(attempt.run)
                return None
            return self._crashed(attempt, error)

    async def _call(self, attempt: Attempt, action: ActionDefinition, context: Context) -> Any:
        if action.is_async:
            return await action.function(context)
        job = self._threads.submit(action.function, context)
        attempt.wait_for_thread(job)
        return await asyncio.wrap_future(job)

    def _context(self, attempt: Attempt) -> Context:
        run, step = attempt.run, attempt.step
        return Context(
            attempt,
            input=None if step.input is None else orjson.loads(orjson.dumps(step.input)),
            attempt=attempt.number,
            idempotency_key=f"{run.id_text}/{step.key}",
            tenant=run.tenant,
            execution_id=run.id,
            workflow_id=run.workflow_id,
            step_id=step.node,
            logger=_logger,
        )

    def _timeout(self, attempt: Attempt, node: Node) -> float:
        timeout = node.timeout
        assert timeout is not None
        if isinstance(timeout, float | int):
            return timeout
        run = attempt.run
        try:
            return parse_duration(timeout.render(ExecutionScope(run.state, run.facts, attempt.step.scope)))
        except (ExpressionError, DurationError) as error:
            raise ActionError(f"timeout: {error}", code="invalid_duration", retryable=False) from None

    # --- outcomes ---------------------------------------------------------------------------------------------------

    def _completed(self, attempt: Attempt, value: Any) -> ActionCompleted:
        data: dict[str, Any] | None = None
        if isinstance(value, Result):
            if value.data is not None:
                data = normalised(dict(value.data))
            value = value.output
        if value is not None:
            value = normalised(value)
        return ActionCompleted(attempt.step.key, attempt.number, value, data)

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
            code=_storable(code),
            message=_storable(message),
            details=details or {},
            retryable=retryable,
            step_id=attempt.step.node,
        )
        # chance for the retry's jitter; nothing secret depends on it
        chance = random.random()  # noqa: S311
        return ActionFailed(attempt.step.key, attempt.number, body.to_json(), chance, retry_after)

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
            exc_info=error,
        )
        message = f"{kind}: {error}" if str(error) else kind
        return self._failed(attempt, "action_failed", message, details={"type": kind})


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


def _storable(text: str) -> str:
    """A message as PostgreSQL can hold it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _logger(context: Context) -> FilteringBoundLogger:
    return structlog.get_logger("weftline.action").bind(
        tenant=context.tenant.slug,
        execution_id=str(context.execution_id),
        workflow_id=context.workflow_id,
        step=context.step_id,
        attempt=context.attempt,
    )
