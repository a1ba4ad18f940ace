"""What a workflow's settings say of one execution before it starts: its limit, its search attributes, its priority."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from weftline.language.json_values import Json
from weftline.language.program import ConcurrencyRule, ExpressionError, Program, Template
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import State

Scalar: TypeAlias = str | int | float | bool

MAX_TEXT = 255
"""Characters of a concurrency key, and of a search attribute."""

WHOLE_WORKFLOW = ""
"""The key under which all executions of a workflow count together; no author's key is empty."""


@dataclass(frozen=True, slots=True)
class SlotDemand:
    """The limit that an execution counts towards.

    Attributes:
        key: executions of the workflow with the same key count together.
        limit: how many may run.
        policy: ``queue``, ``cancel_running`` or ``reject``.
    """

    key: str
    limit: int
    policy: str


@dataclass(frozen=True, slots=True)
class Admission:
    """What the settings say of one execution.

    Attributes:
        priority: 0 (last) to 9 (first); None: they say nothing.
        attributes: what it can be found by.
        slot: the limit that it counts towards; None: nothing limits it.
    """

    priority: int | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    slot: SlotDemand | None = None


def admission(program: Program, input: dict[str, Any]) -> Admission:
    """What a workflow's settings say of an execution with this input.

    Raises:
        ExpressionError: a setting cannot be evaluated, or gives what it must not; the message names it.
    """
    scope = ExecutionScope(State(input), {})
    rendered = {name: _attribute(name, each, scope) for name, each in program.search_attributes.items()}
    return Admission(
        program.priority,
        {name: value for name, value in rendered.items() if value is not None},
        None if program.concurrency is None else _slot(program.concurrency, scope),
    )


def scalar(value: Json) -> Scalar | None:
    """A value that can be a concurrency key or a search attribute, as it is kept; None where it cannot be one.

    It is a text of at most :data:`MAX_TEXT` characters, a number, true or false. A whole number is kept as such.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if not isinstance(value, str | int | float) or len(str(value)) > MAX_TEXT:
        return None
    return value


def _slot(rule: ConcurrencyRule, scope: ExecutionScope) -> SlotDemand:
    key = WHOLE_WORKFLOW
    if rule.key is not None:
        value = scalar(_rendered("settings.concurrency.key", rule.key, scope))
        if value is None or value == WHOLE_WORKFLOW:
            raise _unfit("settings.concurrency.key", "and must not be empty")
        key = value if isinstance(value, str) else orjson.dumps(value).decode()
    return SlotDemand(key, rule.limit, rule.policy)


def _attribute(name: str, template: Template, scope: ExecutionScope) -> Scalar | None:
    setting = f"settings.searchAttributes.{name}"
    value = _rendered(setting, template, scope)
    fit = scalar(value)
    if value is not None and fit is None:
        raise _unfit(setting, "or null for none")
    return fit


def _rendered(setting: str, template: Template, scope: ExecutionScope) -> Any:
    try:
        return template.render(scope)
    except ExpressionError as error:
        raise ExpressionError(error.code, f"{setting}: {error.message}") from error


def _unfit(setting: str, more: str) -> ExpressionError:
    message = f"{setting} must give a text of at most {MAX_TEXT} characters, a number, true or false, {more}"
    return ExpressionError("type_mismatch", message)
