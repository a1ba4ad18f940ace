"""Triggers as a definition declares them: what starts executions."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from weftline.language.fields import Duration, Element, Expression, JsonTemplate, NodeId

MAX_BODY = 5_000_000
"""Bytes that a webhook may be made to accept."""

MAX_PER_MINUTE = 60_000

HeaderName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")]
"""A token of RFC 9110, section 5.6.2."""

EventPattern: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[^*]+(\.\*)?$", max_length=255)]
"""An event's name, or what names begin with: ``orders.*``."""

_VARIABLE = re.compile(r"vars\.[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)


def _variable(value: str) -> str:
    if _VARIABLE.fullmatch(value):
        return value
    raise ValueError("a secret is named, not written here: `vars.` and the name of a variable of type SECRET")


VariablePath: TypeAlias = Annotated[str, AfterValidator(_variable)]

_TYPES = {"scheduled": "schedule"}
"""Names of visual designers that are not ours in capitals."""


class Signature(Element):
    """How the calls of a webhook are signed: HMAC with SHA-256 (RFC 2104) under a secret that both sides know."""

    secret: VariablePath
    """The variable of type SECRET that holds it, like `vars.GITHUB_SECRET`."""
    preset: Literal["generic", "github", "stripe", "slack"] = "generic"
    """Whose way of signing; the fields below, but `tolerance`, are for `generic` only."""
    header: HeaderName | None = None
    """Where the signature stands; absent: `X-Signature`."""
    prefix: Annotated[str, Field(max_length=32)] | None = None
    """What stands before the signature in that header, like `sha256=`."""
    encoding: Literal["hex", "base64"] | None = None
    """How the signature is written; absent: `hex`."""
    signs: Literal["timestamp.body", "body"] | None = None
    """What is signed; absent: the time in `timestampHeader`, a dot, and the body."""
    timestamp_header: HeaderName | None = None
    """Where the time stands, in seconds since 1970; absent: `X-Timestamp`."""
    tolerance: Duration = "5m"
    """How old a call may be, and how long its signature is not taken a second time."""


def _full_trigger(value: object) -> object:
    """A trigger under our names, where it uses those of designers: types in capitals, `cronExpression`, `config`."""
    if not isinstance(value, dict):
        return value
    fields = {name: item for name, item in cast("dict[str, Any]", value).items() if item is not None}
    config = fields.get("config")
    kind = fields.get("type")
    # what an integration's trigger is configured with is a field of its own
    if isinstance(config, dict) and not (isinstance(kind, str) and kind.lower() == "integration"):
        del fields["config"]
        fields = {**cast("dict[str, Any]", config), **fields}
    if "cronExpression" in fields and "cron" not in fields:
        fields["cron"] = fields.pop("cronExpression")
    if isinstance(kind, str):
        fields["type"] = _TYPES.get(kind.lower(), kind.lower())
    return fields


class Trigger(Element):
    """What starts executions. Names of visual designers are understood too: types in capitals (`SCHEDULED` for
    `schedule`), `cronExpression` for `cron`, and `config` around the fields of a type."""

    id: NodeId | None = None
    """Unique within the workflow; absent: the type and a number, like `schedule-1`. What is known of a trigger, such as
    whether it is paused and the address of a webhook, goes with its id from version to version."""
    type: Literal["manual", "schedule", "webhook", "event", "integration", "form", "polling", "email"]
    """The kind. Forms, polling and e-mail are understood, and not run by this version."""
    name: Annotated[str, Field(max_length=255)] | None = None
    """What people see."""
    enabled: bool = True
    """False: does not fire."""
    input: JsonTemplate = None
    """The execution's input, an object with `${ … }` over `trigger` (`id`, `scheduledAt`, `firedAt`), and over `event`
    (`name`, `correlation`, `payload`; of an integration `name`, `id`, `payload`), or `body`, `headers`, `query` and
    `method` of the call. Absent: the event's payload or the body, and nothing for a schedule."""
    condition: Expression | None = None
    """`event`, `webhook`, `integration`: fires only where this holds; it sees what `input` sees."""
    cron: str | None = None
    """`schedule`: a cron expression of five fields, or six with seconds in front; or `@hourly`, `@daily` …"""
    every: Duration | None = None
    """`schedule`, `integration`: an interval of at least a second: instead of `cron`, counted from `startAt`, else from
    1970; or how often the other system is asked, where it has to be (absent: each minute)."""
    timezone: str | None = None
    """`schedule`: in which `cron` is read, like `Europe/Berlin`; absent: UTC."""
    start_at: str | None = None
    """`schedule`: does not fire before (RFC 3339)."""
    end_at: str | None = None
    """`schedule`: does not fire after (RFC 3339)."""
    jitter: Duration | None = None
    """`schedule`: each firing is put off by chance, by so much at most; up to an hour."""
    overlap: Literal["allow", "skip", "queue", "cancel_running"] | None = None
    """`schedule`: when the last execution still runs: start another (`allow`, where absent), none, another when it has
    ended, or another in its place."""
    catch_up: Literal["none", "latest", "all"] | None = None
    """`schedule`: which of the firings that were missed by more than a minute are made up for; absent: `latest`. Of
    `all`, the last 1,000."""
    catch_up_window: Duration | None = None
    """`schedule`: firings that were missed by more than that are not made up for; absent: 24 hours."""
    event: EventPattern | None = None
    """`event`: its name, or `orders.*` for all whose names begin with `orders.`"""
    methods: Annotated[list[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]], Field(min_length=1)] | None = None
    """`webhook`: how it may be called; absent: by `POST`."""
    signature: Signature | None = None
    """`webhook`: how calls are signed; absent: whoever knows the address may call."""
    delivery_header: HeaderName | None = None
    """`webhook`: the header with the id of a delivery; a second one with the same id, within a day, starts nothing."""
    respond: Literal["now", "completion"] | None = None
    """`webhook`: answer at once with the execution's id (where absent), or when it has ended, with its output."""
    respond_timeout: Duration | None = None
    """`webhook`: how long to wait for the end; absent: 10 seconds, at most a minute."""
    max_body: Annotated[int, Field(ge=1, le=MAX_BODY)] | None = None
    """`webhook`: bytes that a body may have; absent: a million."""
    max_per_minute: Annotated[int, Field(ge=1, le=MAX_PER_MINUTE)] | None = None
    """`webhook`: calls in a minute; absent: 600."""
    integration: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """`integration`: the integration whose trigger it is, like `imap`."""
    trigger: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """`integration`: which of its triggers, like `newMail`."""
    connection: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """`integration`: name of the tenant's connection to the other system; absent: the usual one."""
    config: dict[str, Any] | None = None
    """`integration`: what the integration's trigger wants to know, by its JSON Schema."""
    integration_id: str | None = None
    """`webhook`, `event`, `polling`, `email`: the integration that it belongs to; kept and not interpreted."""
    integration_event_id: str | None = None
    """The integration's event; kept and not interpreted."""

    @model_validator(mode="before")
    @classmethod
    def _ours(cls, value: object) -> object:
        return _full_trigger(value)


def trigger_keys(triggers: list[Trigger]) -> list[str]:
    """The id of each trigger within its workflow: its own, or its type and its number among those of the type."""
    numbers: dict[str, int] = {}
    keys: list[str] = []
    for trigger in triggers:
        numbers[trigger.type] = numbers.get(trigger.type, 0) + 1
        keys.append(trigger.id or f"{trigger.type}-{numbers[trigger.type]}")
    return keys
