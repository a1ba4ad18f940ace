"""Examples of imports for the OpenAPI document."""

from __future__ import annotations

from typing import Any

BY_URL: dict[str, Any] = {"url": "https://petstore.example.com/openapi.json", "name": "petstore"}
BY_TEXT: dict[str, Any] = {
    "name": "petstore",
    "document": "openapi: 3.1.0\ninfo: {title: Petstore, version: '1.2'}\npaths: {}\n",
}
IMPORT: dict[str, Any] = {
    "id": "petstore",
    "name": "petstore",
    "displayName": "Petstore",
    "description": "Pets, and where to find them.",
    "version": "1.2",
    "format": "OpenAPI 3.1.0",
    "baseUrl": "https://petstore.example.com/v1",
    "sourceUrl": "https://petstore.example.com/openapi.json",
    "configSchema": {"type": "object", "additionalProperties": False, "properties": {}},
    "auth": [
        {
            "type": "API_KEY",
            "title": None,
            "credentialsSchema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["apiKey"],
                "properties": {"apiKey": {"type": "string", "title": "X-API-Key", "minLength": 1}},
            },
            "grants": [],
            "scopes": [],
        }
    ],
    "needsConnection": True,
    "isNew": True,
    "dryRun": False,
    "actionCount": 1,
    "actions": [
        {
            "id": "petstore.getPet",
            "name": "getPet",
            "displayName": "Find a pet by its id",
            "method": "GET",
            "endpoint": "/pets/{petId}",
            "tags": ["pets"],
            "isDeprecated": False,
            "change": "ADDED",
        }
    ],
    "warnings": [],
    "leftOut": [{"pointer": "/webhooks", "what": "webhooks", "why": "1; what the system calls is no action."}],
    "leftOutTotal": 1,
}
REMOVED: dict[str, Any] = {"id": "petstore", "name": "petstore"}
