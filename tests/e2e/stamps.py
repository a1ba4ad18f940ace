"""Plugins as somebody would write them: one with a type of node, a check, an action, an integration; one that fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.authoring import Context, action
from weftline.authoring.integrations import Connection, Integration
from weftline.authoring.plugin import NodeType, Plugin, PluginApp, PluginType

STAMPS = {"stamps": "tests.e2e.stamps:Stamps", "jammed": "tests.e2e.stamps:Jammed"}
"""Where they are, by id."""

NUMBER: dict[str, Any] = {"type": "string", "title": "Number", "x-validator": "stamps.number"}

office = Integration(
    "stampoffice",
    title="Stamp office",
    description="Gives stamps.",
    category="developer",
    needs_connection=False,
)


@office.action(
    "ask",
    title="Ask for a stamp",
    input={"type": "object", "properties": {"number": NUMBER}, "required": ["number"]},
    output={"type": "object"},
)
async def ask(ctx: Context, connection: Connection) -> object:
    """Ask for a stamp."""
    return {"given": ctx.input["number"]}


@action("stamps.print", input={"type": "object", "properties": {"ink": {"type": "string"}}})
async def print_stamp(ctx: Context) -> object:
    """Print a stamp."""
    return {"printed": ctx.input}


def is_number(value: object) -> str | None:
    return None if isinstance(value, str) and value.startswith("ST-") else "is no number of a stamp"


def press(node: Mapping[str, Any]) -> Mapping[str, Any]:
    taken = {"ink": node["ink"], "copies": node.get("copies", 1), "reason": node.get("reason")}
    return {"type": "action", "action": "stamps.print", "input": taken}


PRESS = NodeType(
    name="stamps.press",
    title={"en": "Press a stamp", "de": "Stempeln"},
    description={"en": "Presses a stamp on a document.", "de": "Stempelt ein Dokument."},
    icon="stamp",
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["ink"],
        "properties": {
            "ink": {"type": "string", "title": "Colour of the ink", "enum": ["blue", "red"]},
            "copies": {"type": "integer", "title": "Copies", "minimum": 1},
            "reason": {"type": "string", "title": "Reason", "description": "Stands beside the stamp."},
        },
    },
    expand=press,
    example={"ink": "blue"},
)


class Stamps(Plugin):
    """Stamps."""

    id = "stamps"
    name = "Stamps"
    version = "1.0.0"
    description = "Presses stamps."
    types = frozenset({PluginType.NODE_TYPE, PluginType.WORKFLOW_ACTION, PluginType.CONNECTOR})

    async def initialize(self, app: PluginApp) -> None:
        app.step_validator("stamps.number", is_number)
        app.node_type(PRESS)


class Jammed(Plugin):
    """Cannot be started."""

    id = "jammed"
    name = "Jammed"
    version = "0.1.0"

    async def initialize(self, app: PluginApp) -> None:
        raise RuntimeError("the ink is dry")
