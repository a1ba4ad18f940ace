"""What a durable function gets, and what it awaits."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from weftline.authoring.action import action_name
from weftline.authoring.context import Tenant
from weftline.authoring.describing import Duration, duration_json
from weftline.authoring.errors import ActionError
from weftline.model.retry import RetryPolicy

if TYPE_CHECKING:
    from uuid import UUID

    from structlog.typing import FilteringBoundLogger


class StepFailed(ActionError):
    """A step that the function called has failed for good. Catch it to go another way.

    Attributes:
        step: the step's name.
        error: the WorkflowError, as the log has it.
        seq: number of the event that says so.
    """

    def __init__(self, step: str, error: Mapping[str, Any], seq: int) -> None:
        super().__init__(
            error.get("message", "the step failed"),
            code=error.get("code", "step_failed"),
            retryable=bool(error.get("retryable", False)),
            details=error.get("details") or {},
        )
        self.step = step
        self.error = error
        self.seq = seq


class WaitTimedOut(StepFailed):
    """What the function waited for did not come in time."""


class NotDurable(RuntimeError):
    """A durable function has awaited what would not survive a crash."""


@dataclass(slots=True, eq=False)
class Call(Awaitable[Any]):
    """Something that a durable function asks for; awaiting it gives what came of it.

    Attributes:
        name: the step's.
        kind: what it is; see ``weftline.machine.calls.KINDS``.
        spec: what the log keeps of it, JSON, without the kind.
        arguments: what else it takes to begin it.
    """

    name: str
    kind: str
    spec: dict[str, Any]
    arguments: dict[str, Any]

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self)


@dataclass(slots=True, eq=False)
class Group(Awaitable[list[Any]]):
    """Several of them, side by side."""

    members: Sequence[Awaitable[Any]]

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return (yield self)


@dataclass(slots=True, eq=False)
class Race(Awaitable[tuple[int, Any]]):
    """Several calls, of which the first to end counts."""

    members: Sequence[Call]

    def __await__(self) -> Generator[Any, Any, tuple[int, Any]]:
        return (yield self)


class FunctionContext:
    """A durable function's way to the world.

    Attributes:
        execution_id, workflow_id, tenant: what it runs as.
        is_replaying: it is being brought back to where it had been; nothing that it does now is new.
    """

    def __init__(
        self,
        execution_id: UUID,
        workflow_id: str,
        tenant: Tenant,
        logger: Callable[[], FilteringBoundLogger],
    ) -> None:
        self.execution_id = execution_id
        self.workflow_id = workflow_id
        self.tenant = tenant
        self.is_replaying = False
        self._logger = logger
        self._now = 0.0
        self._place = ""
        self._drawn = 0

    def step(
        self,
        action: str | Callable[..., Any],
        input: Any = None,
        *,
        name: str | None = None,
        retry: RetryPolicy | int | None = None,
        timeout: Duration | None = None,
        compensate: str | Callable[..., Any] | None = None,
        compensate_retry: RetryPolicy | int | None = None,
        queue: str | None = None,
        connection: str | None = None,
    ) -> Call:
        """Run an action; awaiting it gives its output.

        Args:
            action: a function made one by ``@action``, or an action's name.
            input: what it finds as ``ctx.input``, JSON.
            name: the step's; absent: the action's.
            retry: how often it is tried, in all, or a policy.
            timeout: of each attempt.
            compensate: the action that undoes it; its input is this one's output.
            compensate_retry: how often that is tried.
            queue: the task queue of the remote workers that carry it out.
            connection: the connection that an integration's action works with, and the one that undoes it, by name.

        Raises (when awaited):
            StepFailed: it failed for good.
        """
        known_as = action_name(action)
        spec: dict[str, Any] = {}
        if name is not None and name != known_as:
            spec["action"] = known_as
        if retry is not None:
            spec["retry"] = _policy(retry)
        if timeout is not None:
            spec["timeout"] = duration_json(timeout)
        if queue is not None:
            spec["queue"] = queue
        if connection is not None:
            spec["connection"] = connection
        if compensate is not None:
            undo: dict[str, Any] = {"action": action_name(compensate)}
            if compensate_retry is not None:
                undo["retry"] = _policy(compensate_retry)
            if connection is not None:
                undo["connection"] = connection
            spec["compensate"] = undo
        return Call(name or known_as, "action", spec, {"input": input})

    def sleep(self, duration: Duration, *, name: str = "sleep") -> Call:
        """Wait; nothing is held in memory meanwhile, and a restart does not make it longer.

        Args:
            duration: how long.
            name: the step's.
        """
        return Call(name, "sleep", {}, {"duration": duration_json(duration)})

    def sleep_until(self, time: datetime | str, *, name: str = "sleep") -> Call:
        """Wait until a time, RFC 3339 where it is text."""
        until = time if isinstance(time, str) else _aware(time).isoformat()
        return Call(name, "sleep", {}, {"until": until})

    def wait_for_event(
        self, event: str, *, correlation: str | None = None, timeout: Duration | None = None, name: str | None = None
    ) -> Call:
        """Wait for an event, or a signal to this execution; awaiting it gives the payload.

        Args:
            event: its name.
            correlation: only one with this correlation will do.
            timeout: the longest to wait.
            name: the step's; absent: the event's.

        Raises (when awaited):
            WaitTimedOut: it did not come in time.
        """
        arguments = {"event": event, "correlation": correlation, "timeout": _optional(timeout)}
        return Call(name or event, "event", {}, arguments)

    def human_task(
        self,
        name: str,
        *,
        assign_to: str | Sequence[str] = (),
        form: Mapping[str, Any] | str | None = None,
        outcomes: Sequence[str] = (),
        timeout: Duration | None = None,
    ) -> Call:
        """Ask somebody; awaiting it gives ``{"data", "outcome"?, "completedBy"?}``.

        Args:
            name: what they see, and the step's.
            assign_to: users, groups or roles.
            form: a JSON Schema of the answer, or a form's name.
            outcomes: what they can choose from.
            timeout: the longest to wait.

        Raises (when awaited):
            WaitTimedOut: nobody answered in time.
        """
        assignees = [assign_to] if isinstance(assign_to, str) else list(assign_to)
        arguments = {
            "assign_to": assignees,
            "form": dict(form) if isinstance(form, Mapping) else form,
            "known_outcomes": tuple(outcomes),
            "timeout": _optional(timeout),
        }
        return Call(name, "task", {}, arguments)

    def child(
        self,
        workflow: str | object,
        input: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        wait: bool = True,
        retry: RetryPolicy | int | None = None,
        timeout: Duration | None = None,
        name: str | None = None,
    ) -> Call:
        """Start another workflow; awaiting it gives its output, or, without ``wait``, its ``{"executionId"}``.

        Args:
            workflow: its id, or the durable function.
            input: its input.
            version: its version; absent: the published one.
            wait: wait for its end.
            retry: how often it is tried, in all, or a policy.
            timeout: of each run.
            name: the step's; absent: the workflow's id.

        Raises (when awaited):
            StepFailed: it did not end well.
        """
        id = workflow if isinstance(workflow, str) else cast("str", workflow.id)  # type: ignore[attr-defined]
        spec: dict[str, Any] = {"workflow": id}
        if version is not None:
            spec["version"] = version
        if not wait:
            spec["waits"] = False
        if retry is not None:
            spec["retry"] = _policy(retry)
        if timeout is not None:
            spec["timeout"] = duration_json(timeout)
        return Call(name or id, "child", spec, {"input": dict(input or {})})

    def emit(self, event: str, payload: Any = None, *, correlation: str | None = None, name: str | None = None) -> Call:
        """Send an event to whatever waits for it in this tenant."""
        return Call(
            name or f"emit-{event}", "emit", {}, {"event": event, "payload": payload, "correlation": correlation}
        )

    def parallel(self, *members: Awaitable[Any]) -> Group:
        """Do several things side by side: calls, or coroutines that make calls of their own.

        Awaiting it gives their results in order, once all have ended. Where some failed, the first of them in order is
        raised then.
        """
        return Group([*members])

    def race(self, *calls: Awaitable[Any]) -> Race:
        """Make several calls, and take what comes first; awaiting it gives its position (from 0) and its result.

        The others are cancelled. Where the first to end has failed, its error is raised.

        Raises:
            TypeError: there is none, or one is no call.
        """
        members = [call for call in calls if isinstance(call, Call)]
        if not calls or len(members) < len(calls):
            raise TypeError("ctx.race takes calls: ctx.step(…), ctx.sleep(…), ctx.wait_for_event(…) …")
        return Race(members)

    def now(self) -> datetime:
        """The time of the last thing that happened to the function: the same in every replay."""
        return datetime.fromtimestamp(self._now, UTC)

    def uuid(self) -> UUID:
        """A random id, the same in every replay."""
        return uuid.UUID(bytes=self._draw()[:16], version=4)

    def random(self) -> float:
        """A random number in [0, 1), the same in every replay."""
        return int.from_bytes(self._draw()[:7], "big") / (1 << 56)

    @property
    def logger(self) -> FilteringBoundLogger | Silence:
        """A logger that carries the execution, and is silent while the function is only being brought back."""
        return _SILENCE if self.is_replaying else self._logger()

    def at(self, now: float, place: str) -> None:
        """The engine's: the function goes on.

        Args:
            now: what :meth:`now` says from here on, Unix seconds.
            place: where in the function, so that chance is the same whenever it comes here.
        """
        self._now, self._place, self._drawn = now, place, 0

    def _draw(self) -> bytes:
        """32 bytes that only this place in this execution has: chance to whoever does not know its id."""
        self._drawn += 1
        return hashlib.sha256(f"{self.execution_id}/{self._place}/{self._drawn}".encode()).digest()


class Silence:
    """A logger that says nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _say_nothing


def _say_nothing(*_: Any, **__: Any) -> None: ...


_SILENCE = Silence()


def _policy(retry: RetryPolicy | int) -> dict[str, Any]:
    if isinstance(retry, int):
        return {"max_attempts": retry}
    return {**asdict(retry), "non_retryable": sorted(retry.non_retryable)}


def _optional(value: Duration | None) -> str | float | int | None:
    return None if value is None else duration_json(value)


def _aware(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a time needs a time zone: datetime(…, tzinfo=UTC)")
    return time
