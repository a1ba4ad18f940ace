"""What can be wrong with the triggers of a definition whose shape is right."""

from __future__ import annotations

from collections.abc import Mapping

from weftline.language.durations import parse_duration
from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import compile_expression
from weftline.language.integration_triggers import Offers, check_offer
from weftline.language.json_values import pointer
from weftline.language.model import Workflow
from weftline.language.problems import Problems
from weftline.language.schedules import ScheduleError
from weftline.language.templates import find_syntax_problems
from weftline.language.trigger_rules import MAX_JITTER, MAX_RESPOND_TIMEOUT, MIN_EVERY, NAMES, schedule_of
from weftline.language.triggers import Signature, Trigger, trigger_keys

MAX_TRIGGERS = 100
"""Of one workflow."""

_COMMON = {"id", "type", "name", "enabled", "integration_id", "integration_event_id"}
_FIELDS: Mapping[str, set[str]] = {
    "manual": {*_COMMON, "input"},
    "schedule": {
        *(*_COMMON, "input", "cron", "every", "timezone", "start_at", "end_at"),
        *("jitter", "overlap", "catch_up", "catch_up_window"),
    },
    "event": {*_COMMON, "input", "condition", "event"},
    "integration": {*_COMMON, "input", "condition", "integration", "trigger", "connection", "config", "every"},
    "webhook": {
        *(*_COMMON, "input", "condition", "methods", "signature", "delivery_header"),
        *("respond", "respond_timeout", "max_body", "max_per_minute"),
    },
}
_OWN_SCHEME = ("header", "prefix", "encoding", "signs", "timestamp_header")


def check_triggers(workflow: Workflow, problems: Problems, offers: Offers | None = None) -> None:
    """Adds what is wrong with the triggers of ``workflow``.

    Parameters:
        workflow: whose.
        problems: gets it.
        offers: the triggers of integrations that it may name; None: any.
    """
    if len(workflow.triggers) > MAX_TRIGGERS:
        problems.add("too_large", "/triggers", f"a workflow may have {MAX_TRIGGERS} triggers")
        return
    seen: set[str] = set()
    for index, (trigger, key) in enumerate(zip(workflow.triggers, trigger_keys(workflow.triggers), strict=True)):
        place = pointer(("triggers", index))
        if key in seen:
            message = f"there are two triggers `{key}`"
            problems.add("duplicate_id", place, message, "give each an `id` of its own")
        seen.add(key)
        if trigger.type not in _FIELDS:
            message = f"a trigger of type `{trigger.type}` is understood, but this version does not run it yet"
            problems.add("unsupported", place, message, "remove it for now")
            continue
        _check(trigger, workflow, place, problems)
        if trigger.type == "integration" and offers is not None:
            check_offer(trigger, offers, place, problems)


def _check(trigger: Trigger, workflow: Workflow, place: str, problems: Problems) -> None:
    for name in sorted(trigger.model_fields_set - _FIELDS[trigger.type]):
        wire = _wire(trigger, name)
        owners = " or ".join(f"`{kind}`" for kind, fields in _FIELDS.items() if name in fields)
        message = f"`{wire}` goes with a trigger of type {owners}, not with `{trigger.type}`"
        problems.add("conflicting_fields", f"{place}/{wire}", message)
    if trigger.type == "schedule":
        _check_schedule(trigger, workflow, place, problems)
    if trigger.type == "event" and trigger.event is None:
        problems.add("missing_field", place, "`event` is missing: the name of the event that fires it")
    if trigger.type == "integration":
        _check_integration(trigger, place, problems)
    if trigger.type == "webhook":
        _check_webhook(trigger, place, problems)
    _check_expressions(trigger, place, problems)


def _check_schedule(trigger: Trigger, workflow: Workflow, place: str, problems: Problems) -> None:
    try:
        schedule_of(trigger)
    except ScheduleError as error:
        where = f"{place}/{error.field}" if error.field else place
        problems.add("invalid_schedule", where, str(error), error.hint)
    if trigger.jitter is not None and parse_duration(trigger.jitter) > MAX_JITTER:
        problems.add("invalid_value", f"{place}/jitter", "a jitter is an hour at most")
    if trigger.overlap not in (None, "allow") and workflow.settings.concurrency is not None:
        message = "an execution counts towards one limit: of `overlap` or of `settings.concurrency`"
        problems.add("conflicting_fields", f"{place}/overlap", message, "remove one of them")


def _check_integration(trigger: Trigger, place: str, problems: Problems) -> None:
    if trigger.integration is None:
        problems.add("missing_field", place, "`integration` is missing: the integration whose trigger it is")
    if trigger.trigger is None:
        problems.add("missing_field", place, "`trigger` is missing: which of the integration's triggers it is")
    if trigger.every is not None and parse_duration(trigger.every) < MIN_EVERY:
        problems.add("invalid_value", f"{place}/every", "another system is asked once a second at most")


def _check_webhook(trigger: Trigger, place: str, problems: Problems) -> None:
    if trigger.respond_timeout is not None:
        if trigger.respond != "completion":
            message = "`respondTimeout` goes with `respond: completion`"
            problems.add("conflicting_fields", f"{place}/respondTimeout", message)
        if not 0 < parse_duration(trigger.respond_timeout) <= MAX_RESPOND_TIMEOUT:
            problems.add("invalid_value", f"{place}/respondTimeout", "a caller waits for up to a minute")
    if trigger.signature is not None:
        _check_signature(trigger.signature, f"{place}/signature", problems)


def _check_signature(signature: Signature, place: str, problems: Problems) -> None:
    if signature.preset != "generic":
        for name in _OWN_SCHEME:
            if name in signature.model_fields_set:
                wire = _wire(signature, name)
                message = f"`{wire}` goes with the preset `generic`; `{signature.preset}` says it already"
                problems.add("conflicting_fields", f"{place}/{wire}", message)
    elif signature.signs == "body" and signature.timestamp_header is not None:
        message = "where the body alone is signed, nothing proves the time"
        problems.add("conflicting_fields", f"{place}/timestampHeader", message, "sign `timestamp.body`")
    if not 1 <= parse_duration(signature.tolerance) <= 86_400:
        problems.add("invalid_value", f"{place}/tolerance", "the tolerance is from a second to a day")


def _check_expressions(trigger: Trigger, place: str, problems: Problems) -> None:
    names = NAMES[trigger.type]
    if trigger.condition is not None:
        try:
            compile_expression(trigger.condition, names=names)
        except SyntaxProblem as problem:
            problems.add(problem.code, f"{place}/condition", problem.message, problem.hint)
    if trigger.input is None:
        return
    for problem in find_syntax_problems(trigger.input, names=names):
        problems.add(problem.code, f"{place}/input{pointer(problem.path)}", problem.message, problem.hint)
    is_text = isinstance(trigger.input, str)
    if not isinstance(trigger.input, dict) and not (is_text and "${" in trigger.input):
        problems.add("invalid_type", f"{place}/input", "the input of an execution is an object")


def _wire(element: Trigger | Signature, name: str) -> str:
    return type(element).model_fields[name].alias or name
