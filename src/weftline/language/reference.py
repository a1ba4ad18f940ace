"""The definition reference, written from the model, so that the two cannot disagree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from weftline.language.control_nodes import Alternative, Branch, DecisionCase
from weftline.language.fields import Compensation, Element, ErrorRoute, Retry, TimeoutRoute
from weftline.language.model import Workflow, definition_schema
from weftline.language.nodes import NODE_CLASSES, type_names
from weftline.language.settings import Concurrency, ErrorHandling, FailureNotice, Review, Settings
from weftline.language.task_nodes import Approvals, Escalation, Validator
from weftline.language.triggers import Signature, Trigger

_PARTS: tuple[type[Element], ...] = (
    Settings,
    ErrorHandling,
    FailureNotice,
    Concurrency,
    Review,
    Trigger,
    Signature,
    Retry,
    ErrorRoute,
    TimeoutRoute,
    Compensation,
    DecisionCase,
    Alternative,
    Branch,
    Approvals,
    Escalation,
    Validator,
)
_FORMATS = {
    "node-id": "node id",
    "workflow-id": "workflow id",
    "cel": "[expression](#expressions)",
    "template": "[`${ … }`](#expressions)",
    "weftline-duration": "[duration](#durations)",
}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
}

_INTRODUCTION = """\
# Definition reference

<!-- Written by `weft schema --reference`; edit the model in `src/weftline/language` instead. -->

A definition is an object in JSON or YAML. `weft schema` prints its JSON Schema for editors, and
`weft validate FILE` lists everything that is wrong with one: shape, graph, expressions and actions.

A definition may have 5 MB, 10,000 nodes and 64 levels of nesting. Unknown fields are errors.

Executions begin at `startNode`; without it at the `start` node, and without that at every node that nothing leads
to. Each node hands its token on to `next`; several targets run in parallel. A node with `dependencies` waits until
all of them have completed. The execution completes when no token is left.
"""

_DURATIONS = """\
## Durations

| written | means |
| --- | --- |
| `"24h"`, `"1h30m"`, `"90s"`, `"500ms"`, `"2d"`, `"1w"` | numbers with units: `ms`, `s`, `m`, `h`, `d`, `w` |
| `"PT24H"`, `"P1DT2H"` | ISO 8601, without years and months, which have no fixed length |
| `90`, `"90"` | seconds |

From zero to a hundred years. Where a node waits or may take a while, a duration may also be a template:
`"${input.patience}"`.
"""

_EXPRESSIONS = """\
## Expressions

Expressions are [CEL](https://cel.dev). They stand bare in `condition`, `when` and `while`, and as `${ … }` in every
other text. A text that is one `${ … }` and nothing else keeps the value's type; otherwise the value is written into
the text (null as nothing, lists and objects as JSON). `$${` stands for a plain `${`.

| name | value |
| --- | --- |
| `input` | the execution's input |
| `data` | its shared data, which begins as the input; the top-level keys are names of their own: `customer.name` |
| `steps` | `steps.<id>.output`: what a step gave; ids with hyphens too: `steps.create-customer.output` |
| `event` | the event that was last received |
| `result` | in `output`, `next` and the input of `compensate`: the step's own output; in `breakWhen`: the iteration's |
| `error` | the error that was last routed by `onError` |
| `item`, `index` | in a loop: the item, also under its `as` name, and its position from 0; `while` has `index` only |
| `execution`, `tenant`, `vars` | facts about the execution, its tenant, and the tenant's variables |

Where a name above is also a key of `data`, the name above wins; write `data.input` for the key. Names that CEL
gives to types (`type`, `int`, `string`, `list`, `map` …) are reached as `data.type` too.

- Whole numbers and decimals mix: `amount * 1.1`, `count + 0.5`, `total > 99.5`. Two whole numbers divide to a whole
  number, as everywhere in CEL: `10 / 4` is 2. Write `10.0 / 4` or `double(amount) / 4` for 2.5.
- A field that is absent is an error; test it by `has(customer.email)` or read it as
  `customer.?email.orValue("none")`.
- Besides CEL's own functions there are those for
  [strings](https://github.com/google/cel-go/blob/master/ext/README.md#strings) (`trim`, `split`, `join`, `replace`,
  `format` …), `math` (`math.greatest`, `math.round` …), `base64`, and optional values. There is no clock:
  `execution.startedAt` is a fact, the time now is not.
- Times become RFC 3339 text, durations seconds, bytes base64.

An expression may have 4 KB, 32 levels of nesting, and three macros (`map`, `filter`, `all`, `exists` …) over at most
1,000 items each. What would take too much memory or time is refused with the code `too_large`.
"""


def definition_reference() -> str:
    """The reference in Markdown: every field and node type with its type, default and meaning, and examples."""
    definitions = cast("dict[str, dict[str, Any]]", definition_schema()["$defs"])
    lines = [_INTRODUCTION, "## The workflow", "", *_table(Workflow, definition_schema()), ""]
    lines += ["## Nodes", "", *_node_overview(), ""]
    for node_class in NODE_CLASSES:
        schema = definitions[node_class.__name__]
        names = type_names(node_class)
        aliases = f" (also {', '.join(f'`{alias}`' for alias in names[1:])})" if names[1:] else ""
        lines += [f"### {names[0]}", "", f"`type: {names[0]}`{aliases}. {_prose(schema)}", ""]
        lines += [*_table(node_class, schema), ""]
        lines += ["```json", json.dumps(node_class.example, indent=2, ensure_ascii=False), "```", ""]
    lines += ["## Parts", ""]
    for part in _PARTS:
        schema = definitions[part.__name__]
        lines += [f"### {part.__name__}", "", _prose(schema), "", *_table(part, schema), ""]
    return "\n".join([*lines, _DURATIONS, _EXPRESSIONS])


def _node_overview() -> Iterator[str]:
    yield "| type | |"
    yield "| --- | --- |"
    for node_class in NODE_CLASSES:
        name = type_names(node_class)[0]
        summary = (node_class.__doc__ or "").split("\n\n")[0]
        yield f"| [`{name}`](#{name}) | {' '.join(summary.split())} |"


def _table(owner: type[Element], schema: Mapping[str, Any]) -> Iterator[str]:
    required = set(schema.get("required", ()))
    yield "| field | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in owner.model_fields.items():
        wire = field.alias or name
        prop = schema["properties"][wire]
        default = "required" if wire in required else _default(prop)
        yield f"| `{wire}` | {_type(prop)} | {default} | {_prose(prop)} |"


def _prose(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())


def _default(prop: Mapping[str, Any]) -> str:
    default = prop.get("default")
    if default is None or default == {}:
        return ""
    return f"`{json.dumps(default)}`"


def _type(prop: Mapping[str, Any]) -> str:
    if "$ref" in prop:
        name = str(prop["$ref"]).rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "const" in prop:
        return f"`{prop['const']}`"
    if "enum" in prop:
        return " or ".join(f"`{value}`" for value in prop["enum"])
    if "discriminator" in prop:
        return "[node](#nodes)"
    if "anyOf" in prop:
        members = [_type(member) for member in prop["anyOf"] if member.get("type") != "null"]
        return " or ".join(dict.fromkeys(members))
    if prop.get("format") in _FORMATS:
        return _FORMATS[prop["format"]]
    return _plain_type(prop)


def _plain_type(prop: Mapping[str, Any]) -> str:
    kind = prop.get("type")
    if kind is None:
        return "any JSON"
    if isinstance(kind, list):
        return " or ".join(_TYPES[member] for member in cast("list[str]", kind))
    if kind == "array":
        inner = _type(prop.get("items", {}))
        return f"list of {inner}"
    return _TYPES[kind]
