"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4d01"
OWNER = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4d02"
DEFINITION: dict[str, Any] = {"id": "greeting", "nodes": [{"id": "start", "type": "start", "next": ""}]}
BODY: dict[str, Any] = {"definition": DEFINITION, "basedOnVersion": 1, "basedOnEtag": "3"}
SAVED: dict[str, Any] = {
    "workflowId": "greeting",
    "ownerId": OWNER,
    "basedOnVersion": 1,
    "basedOnEtag": "3",
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:05:00Z",
}
COPY: dict[str, Any] = {**SAVED, "definition": DEFINITION}
SUMMARY: dict[str, Any] = {**SAVED, "id": ID, "ownerName": "Ann", "isOwn": True}
