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
DETAIL: dict[str, Any] = {**PLUGIN, **SET}

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
