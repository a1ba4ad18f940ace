"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

CATALOGUE: dict[str, Any] = {
    "nodeTypes": [
        {
            "type": "end",
            "aliases": [],
            "category": "start-end",
            "title": "End",
            "description": "Ends its token.",
            "schema": {"type": "object", "required": ["id", "type"], "properties": {"id": {"type": "string"}}},
            "example": {"id": "end", "type": "end"},
            "plugin": None,
        },
        {
            "type": "stamps.press",
            "aliases": [],
            "category": "plugin",
            "title": "Press",
            "description": "Presses a stamp on a document.",
            "schema": {"type": "object", "required": ["id", "type"], "properties": {"id": {"type": "string"}}},
            "example": {"id": "press", "type": "stamps.press", "ink": "blue"},
            "plugin": {
                "id": "stamps",
                "name": "Stamps",
                "icon": "stamp",
                "titles": {"en": "Press", "de": "Stempeln"},
                "descriptions": {"en": "Presses a stamp on a document."},
                "schema": {"type": "object", "properties": {"ink": {"type": "string"}}, "required": ["ink"]},
            },
        },
    ],
    "actions": [
        {
            "name": "chargeCard",
            "title": "Charge card",
            "description": "Charge a customer's card.",
            "queue": None,
            "inputSchema": {"type": "object", "properties": {"amount": {"type": "number"}}},
            "outputSchema": None,
            "compensate": "refund",
            "isBuiltIn": False,
        }
    ],
    "triggerTypes": [
        {
            "type": "event",
            "title": "Event",
            "description": "Starts it whenever an event of a name comes in.",
            "isRun": True,
            "schema": {"type": "object", "required": ["type"], "properties": {"event": {"type": "string"}}},
            "example": {"type": "event", "event": "orders.created"},
        }
    ],
    "dialects": [{"name": "native", "description": "Weftline's own definitions."}],
    "definitionSchema": "/api/v1/catalogue/definition-schema",
}
DEFINITION_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "nodes"],
    "properties": {"id": {"type": "string"}, "nodes": {"type": "array"}},
}
