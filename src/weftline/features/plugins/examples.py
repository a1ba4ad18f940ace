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
