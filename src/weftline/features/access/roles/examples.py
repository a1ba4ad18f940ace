"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

BODY: dict[str, Any] = {
    "name": "Shift lead",
    "description": "Steers executions, and tries workflows out.",
    "permissions": ["execution:start"],
    "inherits": ["approver"],
    "requiresMfa": True,
}
NEW: dict[str, Any] = {"id": "shift-lead", **BODY}
ROLE: dict[str, Any] = {
    **NEW,
    "builtIn": False,
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
PERMISSION: dict[str, Any] = {
    "name": "workflow:publish",
    "description": "Publish versions, which new executions then run.",
    "roles": ["author"],
}
