"""What a trigger that fires starts: whether it does, with which input, and what its workflow makes of that."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from weftline.language.program import ExpressionError, Program
from weftline.language.trigger_rules import ScheduleRule, TriggerRule
from weftline.machine.admission import Admission, SlotDemand, admission
from weftline.model.errors import WorkflowError

ON_TIME = 60.0
"""Seconds; what fires later than that, and than its jitter may put it off, was missed."""

MAX_CAUGHT_UP = 1_000
"""Missed firings that are made up for, the last ones."""

BATCH = 100
"""Firings of one trigger at a time."""

_CAUGHT_UP = {"none": 0, "latest": 1, "all": MAX_CAUGHT_UP}

InputErrors = Callable[[Any], Sequence[tuple[str, str]]]
"""What is wrong with an input: JSON pointers and messages."""


class FiringFailed(Exception):
    """A trigger fired, and no execution can be started.

    Attributes:
        error: for whoever looks at the trigger.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.error = WorkflowError(code, message, details or {}, retryable=False)


class Names:
    """What a trigger's expressions see; see :class:`weftline.language.program.Scope`."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def lookup(self, name: str) -> Any:
        """The value of ``name``; raises KeyError where there is none."""
        return self._values[name]


class Due(NamedTuple):
    """What a schedule is to fire now.

    Attributes:
        firings: the times that it names, Unix seconds, the oldest first.
        following: the next one; None where there is none.
    """

    firings: list[float]
    following: float | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An execution that a trigger starts.

    Attributes:
        input: its input.
        settings: what the workflow's settings say of it.
    """

    input: dict[str, Any]
    settings: Admission


def due_firings(rule: ScheduleRule, trigger_id: UUID, first: float, now: float) -> Due:
    """What fires now, of a schedule that was to fire at ``first`` next. What was missed is made up for by its rule.

    Args:
        rule: the schedule.
        trigger_id: by which its jitter is known.
        first, now: Unix seconds.
    """
    schedule, late = rule.schedule, now - ON_TIME - rule.jitter
    found: list[float] = []
    wanted = _CAUGHT_UP[rule.catch_up]
    if wanted and first < late:
        found = schedule.latest(max(first, now - rule.catch_up_window), late, wanted)
    on_time = schedule.within(max(first, late), now, BATCH + 1)
    if on_time and rule.catch_up == "latest":
        found = []
    found += [moment for moment in on_time if not found or moment > found[-1]]
    for position, moment in enumerate(found):
        if position == BATCH or moment + jitter(rule, trigger_id, moment) > now:
            return Due(found[:position], moment)
    return Due(found, schedule.after(max(first, now)))


def jitter(rule: ScheduleRule, trigger_id: UUID, moment: float) -> float:
    """Seconds by which a firing is put off: by chance, and the same each time one asks."""
    if not rule.jitter:
        return 0.0
    digest = hashlib.sha256(f"{trigger_id}/{moment!r}".encode()).digest()
    return rule.jitter * int.from_bytes(digest[:6], "big") / 2**48


def about(key: str, scheduled_at: float | None, fired_at: float) -> dict[str, Any]:
    """``trigger``, as expressions see it.

    Args:
        key: the trigger's id within its workflow.
        scheduled_at, fired_at: Unix seconds.
    """
    return {
        "id": key,
        "scheduledAt": None if scheduled_at is None else _text(scheduled_at),
        "firedAt": _text(fired_at),
    }


def holds(rule: TriggerRule, names: Names, *, encrypts: bool) -> bool:
    """Whether the trigger's condition holds.

    Args:
        rule: the trigger's.
        names: what its expressions see.
        encrypts: nothing of them may be told, for what is said of a failure is stored as it is.

    Raises:
        FiringFailed: it cannot be evaluated.
    """
    if rule.condition is None:
        return True
    try:
        value = rule.condition.evaluate(names)
    except ExpressionError as error:
        raise _expression_failed("condition", error, encrypts=encrypts) from error
    if not isinstance(value, bool):
        raise FiringFailed("type_mismatch", "condition: it must give true or false")
    return value


def prepare(
    rule: TriggerRule,
    trigger_id: UUID,
    names: Names,
    otherwise: Any,
    *,
    program: Program | None,
    errors_of: InputErrors | None,
) -> Prepared:
    """The execution that a trigger starts.

    Args:
        rule: the trigger's.
        trigger_id: which.
        names: what its expressions see.
        otherwise: the input where the trigger does not say it: what fired it; None for an empty one.
        program: the version that is to run; None where its settings do not matter.
        errors_of: what its input must satisfy; None for anything.

    Raises:
        FiringFailed: none can be started.
    """
    encrypts = program is not None and program.encrypts
    try:
        value = otherwise if rule.input is None else rule.input.render(names)
    except ExpressionError as error:
        raise _expression_failed("input", error, encrypts=encrypts) from error
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise FiringFailed("invalid_input", "the input must be an object; the trigger's `input` can make one")
    input = cast("dict[str, Any]", value)
    if errors_of is not None and (errors := errors_of(input)):
        details = {"errors": [{"pointer": pointer, "message": message} for pointer, message in errors]}
        raise FiringFailed("invalid_input", "the input does not fit the workflow's input schema", details)
    try:
        settings = Admission() if program is None else admission(program, input)
    except ExpressionError as error:
        raise _expression_failed("settings", error, encrypts=encrypts) from error
    if rule.schedule is not None and rule.schedule.overlap is not None:
        slot = SlotDemand(f"trigger:{trigger_id}", 1, rule.schedule.overlap)
        settings = Admission(settings.priority, settings.attributes, slot)
    return Prepared(input, settings)


def _expression_failed(place: str, error: ExpressionError, *, encrypts: bool) -> FiringFailed:
    words = "cannot be evaluated; the workflow is encrypted, so no more is said here" if encrypts else error.message
    return FiringFailed(error.code, f"{place}: {words}")


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
