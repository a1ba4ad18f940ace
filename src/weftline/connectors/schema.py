"""JSON Schemas of inputs and outputs, in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]


def record(
    properties: Mapping[str, Schema], required: Sequence[str] = (), *, is_open: bool = False, **more: Any
) -> Schema:
    """An object.

    Args:
        properties: by name.
        required: names of those that must be there.
        is_open: other properties are let through.
        more: other keywords.
    """
    out: Schema = {"type": "object", "properties": dict(properties), **more}
    if required:
        out["required"] = list(required)
    if not is_open:
        out["additionalProperties"] = False
    return out


def text(description: str, **more: Any) -> Schema:
    """A text."""
    return {"type": "string", "description": description, **more}


def given(description: str, **more: Any) -> Schema:
    """A text that is not empty."""
    return text(description, minLength=1, **more)


def lines(description: str, **more: Any) -> Schema:
    """A text of several lines."""
    return text(description, **{"x-lines": 6}, **more)


def address(description: str, **more: Any) -> Schema:
    """An http or https address."""
    return text(description, format="uri", pattern="^https?://", **more)


def choice(description: str, *values: str, **more: Any) -> Schema:
    """One of several texts."""
    return {"enum": list(values), "description": description, **more}


def whole(description: str, **more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, **more}


def flag(description: str, **more: Any) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, **more}


def listing(description: str, items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "description": description, "items": items, **more}


def mapping(description: str, values: Schema, **more: Any) -> Schema:
    """An object whose names are anybody's choice."""
    return {"type": "object", "description": description, "additionalProperties": values, **more}


def anything(description: str, **more: Any) -> Schema:
    """Any JSON."""
    return {"description": description, **more}


def optional(schema: Schema) -> Schema:
    """Null too."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}
