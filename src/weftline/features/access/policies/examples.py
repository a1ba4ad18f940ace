"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
USER_ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b22"
TASK_ID = "b3a1c5e8-7d2a-5f6b-9c1e-0195f3a07c1e"

SOURCE = """\
forbid(principal, action == Action::"task:complete", resource)
when { resource has startedBy && resource.startedBy == principal.id };
"""

BODY: dict[str, Any] = {
    "name": "Four eyes",
    "description": "Who asked may not approve.",
    "source": SOURCE,
    "isEnabled": True,
}
POLICY: dict[str, Any] = {
    "id": ID,
    **BODY,
    "lastError": None,
    "failedAt": None,
    "createdBy": USER_ID,
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
VALIDATE: dict[str, Any] = {"source": 'forbid(principal, action == Action::"task:complet", resource);'}
VALIDATION: dict[str, Any] = {
    "valid": False,
    "problems": [
        {
            "message": "there is no action 'task:complet'",
            "code": "unknown_action",
            "line": 1,
            "column": 38,
            "hint": "Did you mean 'task:complete'?",
        }
    ],
}
EXPLAIN: dict[str, Any] = {
    "subject": USER_ID,
    "action": "task:complete",
    "resource": {"type": "Task", "id": TASK_ID},
}
EXPLANATION: dict[str, Any] = {
    "allowed": False,
    "subject": {"id": USER_ID, "name": "grace@example.com", "roles": ["approver"], "groups": ["purchasing"]},
    "reasons": [
        {"kind": "role", "effect": "permit", "id": "approver", "name": None, "plugin": None, "message": None},
        {"kind": "policy", "effect": "forbid", "id": ID, "name": "Four eyes", "plugin": None, "message": None},
    ],
}
