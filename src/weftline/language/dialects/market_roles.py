"""What a template asks of a step's answer, and for which roles of the market: as expressions, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from weftline.language.dialects.base import Document, Path
from weftline.language.dialects.reading import Foreign, Reader

_ROLE = "input.marketRole"
_GUARD = re.compile(rf"has\({_ROLE}\) && {_ROLE} in (\[.*\])", re.DOTALL)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_RULES = {
    "pattern": "{field}.matches({value})",
    "min": "{field} >= {value}",
    "max": "{field} <= {value}",
    "minLength": "size({field}) >= {value}",
    "maxLength": "size({field}) <= {value}",
}


class ValidatorShape(Foreign):
    """A rule for one field of an answer."""

    field: str | None = None
    rule: str
    value: Any = None
    message: str
    market_roles: list[str] | None = None


def guard(roles: Sequence[str]) -> str:
    """Holds in executions for one of the ``roles``."""
    return f"has({_ROLE}) && {_ROLE} in {_literal(list(roles))}"


def roles_of(condition: str) -> list[str] | None:
    """The roles of a :func:`guard`; None where ``condition`` is none."""
    found = _GUARD.fullmatch(condition)
    try:
        return None if found is None else json.loads(found[1])
    except ValueError:
        return None


def input_schema(roles: Sequence[str]) -> Document:
    """The JSON Schema of an input that names one of the ``roles``."""
    return {
        "type": "object",
        "required": ["marketRole"],
        "properties": {"marketRole": {"type": "string", "enum": list(roles)}},
    }


def roles_of_schema(schema: Any) -> list[str] | None:
    """The roles of an :func:`input_schema`; None where ``schema`` is none."""
    try:
        roles: list[str] = schema["properties"]["marketRole"]["enum"]
    except (KeyError, TypeError):
        return None
    return roles if schema == input_schema(roles) else None


def read_validators(validators: Sequence[ValidatorShape], path: Path, reader: Reader) -> list[Document]:
    """Our validators for those of a step, which stand at ``path``."""
    found: list[Document] = []
    for index, validator in enumerate(validators):
        place: Path = (*path, index)
        reader.rest(validator, place)
        condition = _condition(validator, place, reader)
        if validator.market_roles is not None:
            condition = f"!({guard(validator.market_roles)}) || ({condition})"
        shown: Document = {"condition": condition, "message": validator.message, "field": validator.field}
        found.append({name: value for name, value in shown.items() if value is not None})
    return found


def _condition(validator: ValidatorShape, path: Path, reader: Reader) -> str:
    rule, value = validator.rule, validator.value
    if rule == "expression":
        if not isinstance(value, str):
            reader.problem("invalid_type", (*path, "value"), "the `value` of an `expression` is a condition in CEL")
        return reader.cel(str(value), (*path, "value"))
    if validator.field is None or not _FIELD.fullmatch(validator.field):
        message = "`field` names what the rule is about: letters, digits and `_`, with dots between"
        reader.problem("invalid_value", path, message)
        return "true"
    names = validator.field.split(".")
    is_there = " && ".join(f"has(result.{'.'.join(names[: end + 1])})" for end in range(len(names)))
    field = f"result.{validator.field}"
    if rule == "required":
        return f"{is_there} && {field} != null && {field} != ''"
    if rule not in _RULES:
        reader.problem("invalid_value", (*path, "rule"), f"there is no rule `{rule[:80]}`", _known_rules())
        return "true"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (isinstance(value, str) if rule == "pattern" else is_number):
        expected = "text" if rule == "pattern" else "a number"
        reader.problem("invalid_type", (*path, "value"), f"the `value` of `{rule}` is {expected}")
    return f"!({is_there}) || {_RULES[rule].format(field=field, value=_literal(value))}"


def _known_rules() -> str:
    return "one of " + ", ".join(f"`{rule}`" for rule in ("required", *_RULES, "expression"))


def _literal(value: object) -> str:
    # JSON's texts, numbers and lists are CEL's too
    return json.dumps(value, ensure_ascii=False)
