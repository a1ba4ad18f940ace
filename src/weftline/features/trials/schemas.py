"""Trials on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, field_validator

from weftline.features.executions.schemas import EventOut
from weftline.features.http.wire import Demand, Wire
from weftline.features.trials.service import Trial
from weftline.language.durations import parse_duration
from weftline.language.errors import DurationError
from weftline.model.event import Event, EventType
from weftline.model.stepkey import parse_key

MAX_STEPS = 10_000
MAX_SCRIPT = 1_000
"""Answers and events of one trial."""


def _duration(value: str | float | None) -> str | float | None:
    if value is not None:
        try:
            parse_duration(value)
        except DurationError as error:
            raise ValueError(str(error)) from None
    return value


class _Timed(Demand):
    @field_validator("takes", "after", "until", check_fields=False)
    @classmethod
    def _check_duration(cls, value: str | float | None) -> str | float | None:
        return _duration(value)


class MockError(Demand):
    """How something fails."""

    code: Annotated[str, Field(min_length=1, max_length=128)]
    message: Annotated[str | None, Field(max_length=2_000)] = None
    retryable: bool = True


class MockBehaviour(_Timed):
    """What something comes to: an output, or an error."""

    output: Annotated[Any, Field(description="What it gives; null where absent.")] = None
    error: Annotated[MockError | str | None, Field(description="How it fails instead; a text is the code.")] = None
    takes: Annotated[str | float | None, Field(description="How long that takes, by the trial's clock.")] = None


class MockBody(MockBehaviour):
    """What stands in for an action, a node or a workflow."""

    sequence: Annotated[
        list[MockBehaviour] | None,
        Field(min_length=1, max_length=MAX_SCRIPT, description="One time after the other; the last goes on for ever."),
    ] = None


class AnswerBody(_Timed):
    """What somebody says to a human task."""

    outcome: Annotated[str | None, Field(max_length=255)] = None
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    by: Annotated[str | None, Field(max_length=255, description="Who they are; somebody else each time.")] = None
    after: Annotated[str | float | None, Field(description="How long after the task was opened.")] = None


class TrialEventBody(_Timed):
    """A signal or an event; it comes once something waits for it."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    payload: Any = None
    correlation: Annotated[
        str | None, Field(max_length=255, description="Only for a step that waits for this one; absent: any.")
    ] = None
    after: Annotated[str | float | None, Field(description="How long after something waits for it.")] = None


class TrialBody(_Timed):
    """What is to be tried out."""

    definition: Annotated[dict[str, Any], Field(description="It need not be stored, but must be valid.")]
    input: dict[str, Any] = Field(default_factory=dict[str, Any])
    mocks: Annotated[
        dict[str, MockBody],
        Field(max_length=MAX_SCRIPT, description="By an action's name, a node's id, or a workflow's id."),
    ] = Field(default_factory=dict[str, MockBody])
    answers: Annotated[
        dict[str, AnswerBody | list[AnswerBody]],
        Field(max_length=MAX_SCRIPT, description="By the id of a human task's node; of several the last goes on."),
    ] = Field(default_factory=dict[str, AnswerBody | list[AnswerBody]])
    signals: Annotated[list[TrialEventBody], Field(max_length=MAX_SCRIPT)] = Field(default_factory=list[TrialEventBody])
    events: Annotated[list[TrialEventBody], Field(max_length=MAX_SCRIPT)] = Field(default_factory=list[TrialEventBody])
    variables: Annotated[
        dict[str, Any], Field(description="Values of `vars` in the place of the tenant's; secrets have none.")
    ] = Field(default_factory=dict[str, Any])
    max_steps: Annotated[int, Field(ge=1, le=MAX_STEPS, description="Steps after which to stop.")] = 1_000
    until: Annotated[
        str | float | None, Field(description="How long to go on, by the trial's clock; absent: to the end.")
    ] = None
    starts_at: Annotated[AwareDatetime | None, Field(description="When the trial's clock begins; absent: now.")] = None

    def trial(self) -> Trial:
        """As the service takes it."""
        answers = {
            node: [each.model_dump(exclude_none=True) for each in (told if isinstance(told, list) else [told])]
            for node, told in self.answers.items()
        }
        return Trial(
            self.definition,
            self.input,
            mocks={name: mock.model_dump() for name, mock in self.mocks.items()},
            answers=answers,
            events=[each.model_dump() for each in (*self.signals, *self.events)],
            variables=self.variables,
            max_steps=self.max_steps,
            until=None if self.until is None else parse_duration(self.until),
            starts_at=None if self.starts_at is None else self.starts_at.timestamp(),
        )


class WaitingOut(Wire):
    """A step at which the trial waits."""

    step_id: str
    scope: Annotated[str | None, Field(description="The branch or iteration, where it is in one.")]
    kind: Literal["action", "timer", "event", "task", "child", "job"]
    event: Annotated[str | None, Field(description="The name of the event that it waits for.")]
    correlation: str | None
    outcomes: Annotated[list[str], Field(description="Of a task, those that it knows.")]
    due_at: Annotated[datetime | None, Field(description="When it goes on by itself, by the trial's clock.")]


class UnmockedOut(Wire):
    """Something that nothing was said about, and that was made up."""

    name: Annotated[str, Field(description="The action or the workflow.")]
    step_id: str


class EmittedOut(Wire):
    """An event that the execution would have sent."""

    name: str
    correlation: str | None
    payload: Any
    occurred_at: datetime


class TrialOut(Wire):
    """What a trial came to."""

    status: str
    output: Any
    data: dict[str, Any]
    error: dict[str, Any] | None
    stopped: Annotated[
        Literal["until", "steps", "time", "size"] | None,
        Field(description="The bound that it came to; null: it ended, or nothing more can happen."),
    ]
    ends_at: Annotated[datetime, Field(description="What the trial's clock says at the end.")]
    events: Annotated[list[EventOut], Field(description="As in an execution's log.")]
    waiting_for: list[WaitingOut]
    unmocked: list[UnmockedOut]
    emitted: list[EmittedOut]

    @classmethod
    def of(cls, told: dict[str, Any]) -> TrialOut:
        """What the process that ran it tells."""
        return cls(
            status=told["status"],
            output=told["output"],
            data=told["data"],
            error=told["error"],
            stopped=told["stopped"],
            ends_at=_time(told["now"]),
            events=[_event(each) for each in told["events"]],
            waiting_for=[_waiting(each) for each in told["waiting"]],
            unmocked=[UnmockedOut.model_validate(each) for each in told["unmocked"]],
            emitted=[
                EmittedOut(name=name, correlation=correlation, payload=payload, occurred_at=_time(at))
                for name, correlation, payload, at in told["emitted"]
            ],
        )


def _event(told: Sequence[Any]) -> EventOut:
    seq, type, step, data, at = told
    return EventOut.of(Event(seq, EventType(type), step, data, at))


def _waiting(told: dict[str, Any]) -> WaitingOut:
    due = told["dueAt"]
    return WaitingOut(
        step_id=told["stepId"],
        scope=parse_key(told["key"])[1] or None,
        kind=told["kind"],
        event=told["event"],
        correlation=told["correlation"],
        outcomes=told["outcomes"],
        due_at=None if due is None else _time(due),
    )


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
