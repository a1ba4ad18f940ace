"""Examples for the description of the API."""

from __future__ import annotations

from typing import Any

ID = "acme-seals"

PLUGIN: dict[str, Any] = {
    "id": ID,
    "name": "Seals",
    "description": "Seals documents with the house's stamp.",
    "version": "1.2.0",
    "distribution": "weftline-acme-seals",
    "types": ["WORKFLOW_ACTION"],
    "capabilities": ["network"],
    "dependencies": {},
    "isWanted": True,
    "state": "STARTED",
    "reason": None,
    "isEnabled": True,
}
CONFIGURATION: dict[str, Any] = {"configuration": {"stamp": "round", "token": "t-4711"}}
SET: dict[str, Any] = {
    "configurationSchema": {
        "title": "Configuration",
        "type": "object",
        "properties": {
            "stamp": {"title": "Stamp", "type": "string", "default": "round"},
            "token": {"title": "Token", "type": "string", "format": "password", "writeOnly": True},
        },
        "required": ["token"],
    },
    "configuration": {"stamp": "round"},
    "secrets": ["token"],
}
FAULT: dict[str, Any] = {
    "part": f"policy {ID}.night",
    "message": "integer overflow while attempting to multiply the values",
    "times": 3,
    "firstAt": "2026-03-02T22:14:09Z",
    "lastAt": "2026-03-03T23:01:40Z",
}
DETAIL: dict[str, Any] = {**PLUGIN, **SET, "faults": [FAULT]}

POLICY: dict[str, Any] = {
    "name": f"{ID}.night",
    "plugin": ID,
    "title": {"en": "Nothing is published at night", "de": "Nachts wird nichts veröffentlicht"},
    "description": {},
    "source": 'forbid(principal, action == Action::"workflow:publish", resource) when { context.hour < 6 };',
}

ROUTE = "stamps/round"
ROUTE_BODY: dict[str, Any] = {"ink": "blue"}
ROUTE_ANSWER: dict[str, Any] = {"stamp": "round", "ink": "blue", "version": 2}

PANEL: dict[str, Any] = {
    "id": "stamps",
    "pluginId": ID,
    "place": f"{ID}/stamps",
    "title": {"en": "Stamps", "de": "Stempel"},
    "icon": "stamp",
    "sections": [
        {
            "type": "table",
            "title": None,
            "source": "/stamps",
            "columns": [
                {"key": "name", "title": {"en": "Name"}, "kind": "text", "values": {}, "link": None},
                {
                    "key": "status",
                    "title": {"en": "Status"},
                    "kind": "status",
                    "values": {"ready": {"title": {"en": "Ready", "de": "Bereit"}, "tone": "good"}},
                    "link": None,
                },
            ],
            "empty": {"en": "There is no stamp yet.", "de": "Es gibt noch keinen Stempel."},
            "rowActions": [],
            "actions": [],
        }
    ],
}
