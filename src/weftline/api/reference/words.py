"""How schemas and examples are put into words of Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

GENERATED = "<!-- Written by `make reference`; edit {} instead. -->"

_MODEL = re.compile(r"#/components/schemas/(\w+)")


def schema_name(reference: str) -> str:
    """The name of the schema that a reference points to."""
    return reference.rpartition("/")[2]


def type_words(schema: Any) -> str:
    """What a value may be, such as ``list of [Task](#task)``."""
    if schema in (None, True, {}):
        return "any JSON"
    if "$ref" in schema:
        name = schema_name(schema["$ref"])
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_words(each) for each in choices))
    if "allOf" in schema:
        return " and ".join(type_words(each) for each in schema["allOf"])
    kind = schema.get("type", "any JSON")
    kinds: list[str] = [kind] if isinstance(kind, str) else kind
    return " or ".join(_simple(each, schema) for each in kinds)


def bounds_words(schema: Any) -> str:
    """The bounds of a value, such as ``1 to 200``; empty where it has none."""
    low, high = schema.get("minimum"), schema.get("maximum")
    parts: list[str] = []
    if low is not None and high is not None:
        parts.append(f"{low} to {high}")
    elif low is not None:
        parts.append(f"at least {low}")
    elif high is not None:
        parts.append(f"at most {high}")
    if (longest := schema.get("maxLength")) is not None:
        parts.append(f"at most {longest} characters")
    if (most := schema.get("maxItems")) is not None:
        parts.append(f"at most {most} items")
    if schema.get("default") not in (None, [], {}):
        parts.append(f"default `{json.dumps(schema['default'])}`")
    return ", ".join(parts)


def meaning_words(thing: Any, schema: Any) -> str:
    """The description of a field or parameter, with its bounds."""
    text = " ".join(str(thing.get("description") or schema.get("description") or "").split())
    bounds = bounds_words(schema)
    if not bounds:
        return text
    return f"{text} {bounds[0].upper()}{bounds[1:]}." if text else f"{bounds[0].upper()}{bounds[1:]}."


def models_in(part: Any) -> set[str]:
    """The names of the schemas that a part of a document refers to."""
    return set(_MODEL.findall(json.dumps(part)))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty where it has no rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |", *lines])


def code_block(value: Any, language: str = "json") -> str:
    """A block of code: text as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"```{language if not isinstance(value, str) else 'text'}\n{text.rstrip()}\n```"


def _simple(kind: str, schema: Any) -> str:
    match kind:
        case "string":
            return {"date-time": "time", "uuid": "id", "email": "e-mail address", "uri": "URI"}.get(
                schema.get("format", ""), "text"
            )
        case "array":
            return f"list of {type_words(schema.get('items'))}"
        case "object":
            inner = schema.get("additionalProperties")
            return f"object of {type_words(inner)}" if inner not in (None, True, False, {}) else "object"
        case "boolean":
            return "true or false"
        case _:
            return kind
