"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
BODY: dict[str, Any] = {
    "subjectType": "role",
    "subjectId": "approver",
    "permissions": ["execution:read"],
    "workflowId": None,
}
GRANT: dict[str, Any] = {"id": ID, **BODY, "createdBy": None, "createdAt": "2026-03-01T09:00:00Z"}
LISTS: dict[str, Any] = {"userIds": [], "roleIds": ["approver"]}
