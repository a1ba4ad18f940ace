"""What came to an execution from outside, read from its log: results, answers, signals and what people asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weftline.language.program import Node
from weftline.machine.folding import apply
from weftline.machine.state import State
from weftline.machine.step import CHILD, DONE_AGAIN, TASK, Step
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Amend,
    Approve,
    Begin,
    Cancel,
    ChangeData,
    ChildEnded,
    ChildUndone,
    JobCompleted,
    JobFailed,
    Pause,
    Reject,
    Resume,
    Signal,
    Skip,
    Stimulus,
    Submit,
    TaskCompleted,
    Validate,
)
from weftline.machine.undo import CANCEL, REWIND
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import undo_key

E = EventType

NO_DATA: Mapping[str, Any] = {}

BY_TIME = frozenset({"deadline_exceeded"})
"""Codes of failures that no result led to, but a timer."""

EXPRESSION_CODES = frozenset(
    {
        "index_out_of_range",
        "out_of_range",
        "nul_character",
        "too_deep",
        "unknown_name",
        "no_such_field",
        "type_mismatch",
        "too_large",
        "expression_error",
        "invalid_duration",
    }
)
"""Codes with which a step fails before its action runs."""

OUTPUT_MAPPING = "output mapping: "
"""How the message of a failure begins after which the action's result is lost."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that came from outside.

    Attributes:
        index: its place among all of them.
        seq: number of the event that tells of it.
        at: when, Unix seconds.
        began: since when it was awaited, where it is what came of a step's attempt; None: it came by itself.
        key: the step that it is for; None: none in particular.
        attempt: of that step; 0 where that makes no difference.
        make: what it is to the machine, given the step that it is for now.
        told: what it is, in words.
        event: the event's name and correlation, where it is an event for a step that waited.
    """

    index: int
    seq: int
    at: float
    began: float | None
    key: str | None
    attempt: int
    make: Callable[[Step | None], Stimulus]
    told: str
    event: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A log, read.

    Attributes:
        events: what of it can be replayed.
        outcomes: what came from outside, in order.
        state: where the execution stands at the end of that.
        cut: why the rest cannot be replayed; None where there is no rest.
    """

    events: Sequence[Event]
    outcomes: Sequence[Outcome]
    state: State
    cut: str | None


class Cut(Exception):
    """From here on the log cannot be replayed."""


def read_recording(input: Mapping[str, Any], events: Sequence[Event], nodes: Mapping[str, Node]) -> Recording:
    """Read a log.

    Args:
        input: what the execution was started with.
        events: its log, from its beginning.
        nodes: those that say which keys of the shared data a step's output mapping sets; the rest its action set.

    Raises:
        ValueError: it is no log, or not from the beginning.
    """
    reader = _Reader(input, nodes)
    for number, event in enumerate(events):
        try:
            reader.take(event)
        except Cut as cut:
            return Recording(events[:number], reader.outcomes, reader.state, f"event {event.seq}: {cut}")
    return Recording(events, reader.outcomes, reader.state, None)


class _Reader:
    """Folds a log, and notes what came from outside."""

    def __init__(self, input: Mapping[str, Any], nodes: Mapping[str, Node]) -> None:
        self.state = State(input)
        self.outcomes: list[Outcome] = []
        self._nodes = nodes
        self._began: dict[str, tuple[float, int]] = {}
        """For each open step, when its current attempt began, and the number of the event that says so."""

    def take(self, event: Event) -> None:
        if event.step is None:
            self._of_execution(event)
        else:
            self._of_step(event, event.step)
        apply(self.state, event)

    # --- the execution -----------------------------------------------------------------------------------------------

    def _of_execution(self, event: Event) -> None:
        data = event.data or NO_DATA
        by, reason = data.get("by"), data.get("reason")
        match event.type:
            case E.WORKFLOW_STARTED if self.state.status is ExecutionStatus.DRAFT:
                self._asked(event, Begin(by))
            case E.WORKFLOW_PAUSED:
                self._asked(event, Pause(by))
            case E.WORKFLOW_RESUMED:
                self._asked(event, Resume(by))
            case E.WORKFLOW_CANCELLED if self.state.undoing is None:
                self._asked(event, Cancel(reason, by=by))
            case E.WORKFLOW_COMPENSATION_STARTED if data["then"] == CANCEL:
                self._asked(event, Cancel(reason, undo=True, by=by))
            case E.WORKFLOW_COMPENSATION_STARTED if data["then"] == REWIND:
                raise Cut("the execution was rolled back")
            case E.WORKFLOW_ROLLED_BACK | E.WORKFLOW_RETRIED:
                raise Cut("the execution went back to an earlier point")
            case E.WORKFLOW_MIGRATED:
                raise Cut("the execution was migrated to another version")
            case E.DATA_CHANGED:
                self._asked(event, ChangeData(data["data"], data.get("removed", ()), reason, by))
            case E.WORKFLOW_VALIDATED:
                self._asked(event, Validate(by))
            case E.WORKFLOW_SUBMITTED:
                self._asked(event, Submit(by))
            case E.WORKFLOW_APPROVED:
                self._asked(event, Approve(by, data.get("comment")))
            case E.WORKFLOW_REJECTED:
                self._asked(event, Reject(reason, by))
            case E.SIGNAL_RECEIVED:
                self._asked(event, Signal(data["name"], data.get("payload")), f"signal '{data['name']}'")
            case _:
                pass

    def _asked(self, event: Event, stimulus: Stimulus, told: str | None = None) -> None:
        words = told or f"what was asked for: {type(stimulus).__name__.lower()}"
        self._note(event, None, lambda step: stimulus, words)

    # --- steps -------------------------------------------------------------------------------------------------------

    def _of_step(self, event: Event, key: str) -> None:
        data = event.data or NO_DATA
        match event.type:
            case E.STEP_STARTED:
                self._began[key] = (event.at, event.seq)
            case E.SIGNAL_RECEIVED:
                self._heard(event, key, data["name"], data.get("payload"))
            case E.STEP_COMPLETED | E.STEP_FAILED | E.STEP_RETRY_SCHEDULED:
                step = self.state.open.get(key)
                if step is not None:
                    self._ended(event, step, data)
            case E.STEP_SKIPPED if data.keys() & {"by", "reason", "output"}:
                by, reason, output = data.get("by"), data.get("reason"), data.get("output")
                self._note(event, key, lambda step: Skip(_key(step), output, reason, by), "what was skipped")
            case E.STEP_AMENDED:
                answer = data["output"]["data"]
                self._asked(event, Amend(key, answer, data.get("by")))
            case E.STEP_CANCELLED if data.get("reason") == DONE_AGAIN:
                raise Cut(f"'{key}' was done again by hand")
            case E.STEP_CANCELLED if data.get("reason") == "rolled_back":
                raise Cut("the execution went back to an earlier point")
            case E.STEP_COMPENSATION_SKIPPED:
                raise Cut(f"the undoing of '{key}' was skipped by hand")
            case _:
                self._of_compensation(event, key, data)

    def _heard(self, event: Event, key: str, name: str, payload: Any) -> None:
        step = self.state.open.get(key)
        awaited = (name, None if step is None else step.correlation)
        self._note(event, key, lambda now: Signal(name, payload, _key(now)), f"event '{name}'", awaited=awaited)

    def _ended(self, event: Event, step: Step, data: Mapping[str, Any]) -> None:
        """An attempt of an open step has ended: note how, where that came from outside."""
        error = data.get("error")
        if step.is_at_work or step.awaits_job:
            if error is None:
                self._completed(event, step, data)
            elif not self._failed_by_itself(event, step, error):
                self._failed(event, step, error)
        elif step.waiting == TASK and step.status is StepStatus.WAITING:
            answer: Mapping[str, Any] | None = data.get("output") if error is None else error.get("details")
            if answer is not None and (error is None or error["code"] in ("rejected", "unknown_outcome")):
                self._answered(event, step, answer)
        elif step.waiting == CHILD and step.status is StepStatus.WAITING:
            output = data.get("output")
            ending = ExecutionStatus.COMPLETED if error is None else ExecutionStatus.FAILED
            is_left_alone = output == {"executionId": step.child}
            if not is_left_alone and (error is None or error["code"] != "timed_out"):
                self._note(
                    event,
                    step.key,
                    lambda now: ChildEnded(_key(now), (now and now.child) or "", ending.value, output, error),
                    f"what became of the workflow that '{step.node}' started",
                    step.attempt,
                )

    def _completed(self, event: Event, step: Step, data: Mapping[str, Any]) -> None:
        node = self._nodes.get(step.node)
        mapped = () if node is None or node.output is None else node.output
        own = {name: value for name, value in data.get("data", NO_DATA).items() if name not in mapped} or None
        output, report = data.get("output"), data.get("report")

        def make(now: Step | None) -> Stimulus:
            if now is not None and now.job is not None and now.awaits_job:
                return JobCompleted(now.key, now.job, output, own)
            return ActionCompleted(_key(now), 1 if now is None else now.attempt, output, own, report)

        self._note(event, step.key, make, f"what '{step.node}' returned", step.attempt)

    def _failed(self, event: Event, step: Step, error: dict[str, Any]) -> None:
        def make(now: Step | None) -> Stimulus:
            if now is not None and now.job is not None and now.awaits_job:
                return JobFailed(now.key, now.job, error)
            return ActionFailed(_key(now), 1 if now is None else now.attempt, error)

        self._note(event, step.key, make, f"how '{step.node}' failed", step.attempt)

    def _failed_by_itself(self, event: Event, step: Step, error: Mapping[str, Any]) -> bool:
        """Whether a step that was at work failed without anything having come of its action, or with that lost."""
        if error["code"] in BY_TIME or error["message"].startswith(OUTPUT_MAPPING):
            return True
        if step.awaits_job and error["code"] == "timed_out":
            return True
        _, seq = self._began.get(step.key, (0.0, 0))
        return event.seq == seq + 1 and not error["retryable"] and error["code"] in EXPRESSION_CODES

    def _answered(self, event: Event, step: Step, answer: Mapping[str, Any]) -> None:
        outcome, data, by = answer.get("outcome"), answer.get("data", {}), answer.get("completedBy")
        votes = answer.get("votes", ())
        self._note(
            event,
            step.key,
            lambda now: TaskCompleted(_key(now), outcome, data, by, votes),
            f"the answer to task '{step.node}'",
        )

    # --- compensations -----------------------------------------------------------------------------------------------

    def _of_compensation(self, event: Event, key: str, data: Mapping[str, Any]) -> None:
        own = undo_key(key)
        step = self.state.open.get(own)
        match event.type:
            case E.STEP_COMPENSATION_STARTED:
                if self.state.undoing is not None and self.state.undoing.stuck is not None:
                    raise Cut(f"the undoing of '{key}' was tried again by hand")
                self._began[own] = (event.at, event.seq)
            case E.STEP_COMPENSATED if step is not None:
                output = data.get("output")
                self._undone(event, step, output, None)
            case E.STEP_COMPENSATION_FAILED | E.STEP_COMPENSATION_RETRY_SCHEDULED if step is not None:
                self._undone(event, step, None, data["error"])
            case _:
                pass

    def _undone(self, event: Event, step: Step, output: Any, error: dict[str, Any] | None) -> None:
        def make(now: Step | None) -> Stimulus:
            if now is not None and now.child is not None:
                return ChildUndone(now.key[1:], error, now.child)
            if error is None:
                return ActionCompleted(_key(now), 1 if now is None else now.attempt, output)
            return ActionFailed(_key(now), 1 if now is None else now.attempt, error)

        self._note(event, step.key, make, f"how '{step.node}' was undone", step.attempt)

    def _note(
        self,
        event: Event,
        key: str | None,
        make: Callable[[Step | None], Stimulus],
        told: str,
        attempt: int = 0,
        awaited: tuple[str, str | None] | None = None,
    ) -> None:
        began = None
        if key is not None and awaited is None:
            began = self._began.get(key, (event.at, 0))[0]
        number = len(self.outcomes)
        self.outcomes.append(Outcome(number, event.seq, event.at, began, key, attempt, make, told, awaited))


def _key(step: Step | None) -> str:
    return "" if step is None else step.key
