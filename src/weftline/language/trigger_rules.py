"""Triggers, ready to fire: compiled from what a definition declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weftline.language.durations import parse_duration
from weftline.language.expressions import compile_expression
from weftline.language.program import Expression, Template
from weftline.language.schedules import Schedule, read_schedule
from weftline.language.templates import compile_template
from weftline.language.triggers import Signature, Trigger

_CALL = ("trigger", "body", "headers", "query", "method")

NAMES: Mapping[str, tuple[str, ...]] = {
    "manual": (),
    "schedule": ("trigger",),
    "event": ("trigger", "event"),
    "webhook": _CALL,
    "integration": ("trigger", "event"),
}
"""What the expressions of each type see."""

MAX_RESPOND_TIMEOUT = 60.0
MAX_JITTER = 3_600.0
_CATCH_UP_WINDOW = 86_400.0
_RESPOND_TIMEOUT = 10.0
_BODY = 1_000_000
_PER_MINUTE = 600
MIN_EVERY = 1.0
_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class ScheduleRule:
    """When a trigger fires by itself.

    Attributes:
        schedule: the times.
        jitter: seconds by which chance puts each off, at most.
        overlap: the policy of its limit of one execution; None where any number may run.
        catch_up: ``none``, ``latest`` or ``all`` of the missed firings.
        catch_up_window: seconds; what was missed before is not made up for.
    """

    schedule: Schedule
    jitter: float = 0.0
    overlap: str | None = None
    catch_up: str = "latest"
    catch_up_window: float = _CATCH_UP_WINDOW


@dataclass(frozen=True, slots=True)
class SignatureRule:
    """How calls are signed.

    Attributes:
        scheme: ``generic``, ``github``, ``stripe`` or ``slack``.
        variable: name of the variable of type SECRET that holds the key.
        header: where the signature stands.
        prefix: what stands before it.
        encoding: ``hex`` or ``base64``.
        timestamp_header: where the time stands; None where none is signed, or the signature's header has it.
        tolerance: seconds that a call may be old.
    """

    scheme: str
    variable: str
    header: str
    prefix: str
    encoding: str
    timestamp_header: str | None
    tolerance: float


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """How a trigger may be called.

    Attributes:
        methods: of HTTP.
        signature: how calls are signed; None where they are not.
        delivery_header: names the header with a delivery's id; None for the preset's, or none.
        respond_timeout: seconds to wait for the end; 0 to answer at once.
        max_body: bytes.
        max_per_minute: calls.
    """

    methods: tuple[str, ...] = ("POST",)
    signature: SignatureRule | None = None
    delivery_header: str | None = None
    respond_timeout: float = 0.0
    max_body: int = _BODY
    max_per_minute: int = _PER_MINUTE


@dataclass(frozen=True, slots=True)
class IntegrationRule:
    """Which event of another system fires a trigger.

    Attributes:
        integration, trigger: the integration, and its trigger.
        connection: name of the connection; None: the usual one.
        config: what the integration's trigger is configured with.
        every: seconds between two looks, where the other system has to be asked.
    """

    integration: str
    trigger: str
    connection: str | None
    config: Mapping[str, Any]
    every: float = _EVERY


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """A trigger, ready to fire.

    Attributes:
        type: ``manual``, ``schedule``, ``event``, ``webhook`` or ``integration``.
        input: renders the execution's input; None: what fired it says.
        condition: whether it fires; None: always.
        schedule, webhook, integration: what is particular to these types.
    """

    type: str
    input: Template | None = None
    condition: Expression | None = None
    schedule: ScheduleRule | None = None
    webhook: WebhookRule | None = None
    integration: IntegrationRule | None = None


def compile_trigger(trigger: Trigger) -> TriggerRule:
    """The rule of a trigger that :mod:`weftline.language.trigger_checks` found nothing wrong with."""
    names = NAMES[trigger.type]
    return TriggerRule(
        trigger.type,
        None if trigger.input is None else compile_template(trigger.input, names=names),
        None if trigger.condition is None else compile_expression(trigger.condition, names=names),
        _schedule(trigger) if trigger.type == "schedule" else None,
        _webhook(trigger) if trigger.type == "webhook" else None,
        _integration(trigger) if trigger.type == "integration" else None,
    )


def schedule_of(trigger: Trigger) -> Schedule:
    """When a trigger of type ``schedule`` fires.

    Raises:
        ScheduleError: what it says cannot be followed.
    """
    return read_schedule(
        cron=trigger.cron,
        every=trigger.every,
        timezone=trigger.timezone,
        start_at=trigger.start_at,
        end_at=trigger.end_at,
    )


def _schedule(trigger: Trigger) -> ScheduleRule:
    policies: dict[str | None, str] = {"skip": "reject", "queue": "queue", "cancel_running": "cancel_running"}
    return ScheduleRule(
        schedule_of(trigger),
        _seconds(trigger.jitter, 0.0),
        policies.get(trigger.overlap),
        trigger.catch_up or "latest",
        _seconds(trigger.catch_up_window, _CATCH_UP_WINDOW),
    )


def _webhook(trigger: Trigger) -> WebhookRule:
    is_patient = trigger.respond == "completion"
    delivery = trigger.delivery_header
    if delivery is None and trigger.signature is not None and trigger.signature.preset == "github":
        delivery = "X-GitHub-Delivery"
    return WebhookRule(
        tuple(trigger.methods or ("POST",)),
        None if trigger.signature is None else _signature(trigger.signature),
        delivery,
        _seconds(trigger.respond_timeout, _RESPOND_TIMEOUT) if is_patient else 0.0,
        trigger.max_body or _BODY,
        trigger.max_per_minute or _PER_MINUTE,
    )


def _integration(trigger: Trigger) -> IntegrationRule:
    assert trigger.integration is not None and trigger.trigger is not None, "checked when the definition is"
    every = _seconds(trigger.every, _EVERY)
    return IntegrationRule(trigger.integration, trigger.trigger, trigger.connection, trigger.config or {}, every)


def _signature(signature: Signature) -> SignatureRule:
    variable = signature.secret.removeprefix("vars.")
    tolerance = parse_duration(signature.tolerance)
    match signature.preset:
        case "github":
            return SignatureRule("github", variable, "X-Hub-Signature-256", "sha256=", "hex", None, tolerance)
        case "stripe":
            return SignatureRule("stripe", variable, "Stripe-Signature", "", "hex", None, tolerance)
        case "slack":
            time = "X-Slack-Request-Timestamp"
            return SignatureRule("slack", variable, "X-Slack-Signature", "v0=", "hex", time, tolerance)
        case "generic":
            time = None if signature.signs == "body" else signature.timestamp_header or "X-Timestamp"
            header, prefix = signature.header or "X-Signature", signature.prefix or ""
            return SignatureRule("generic", variable, header, prefix, signature.encoding or "hex", time, tolerance)


def _seconds(value: Any, otherwise: float) -> float:
    return otherwise if value is None else parse_duration(value)
