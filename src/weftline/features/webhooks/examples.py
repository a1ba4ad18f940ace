"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4c01"
DELIVERY_ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4c02"
EXECUTION_ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
_MADE = "2026-03-01T09:00:00Z"
_SENT = "2026-03-01T09:05:01Z"

NEW: dict[str, Any] = {
    "url": "https://hooks.example.com/weftline",
    "name": "Order desk",
    "kinds": ["execution.completed", "execution.failed"],
}
CHANGE: dict[str, Any] = {"kinds": ["execution.*", "task.created"]}
ROTATION: dict[str, Any] = {"overlapHours": 24}
SINCE: dict[str, Any] = {"since": _MADE}
REDELIVERED: dict[str, Any] = {"redelivered": 12}

WEBHOOK: dict[str, Any] = {
    "id": ID,
    **NEW,
    "workflows": [],
    "includeData": False,
    "dataRole": None,
    "status": "active",
    "disabledReason": None,
    "disabledAt": None,
    "failures": 0,
    "failingSince": None,
    "previousSecretUntil": None,
    "createdBy": "ada@example.com",
    "createdAt": _MADE,
    "updatedAt": _MADE,
}
DISABLED: dict[str, Any] = {**WEBHOOK, "status": "disabled", "disabledReason": "manual", "disabledAt": _SENT}
WITH_SECRET: dict[str, Any] = {**WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}
ROTATED: dict[str, Any] = {**WITH_SECRET, "previousSecretUntil": "2026-03-02T09:00:00Z"}

DELIVERY: dict[str, Any] = {
    "id": DELIVERY_ID,
    "webhookId": ID,
    "kind": "execution.failed",
    "workflowId": "order",
    "executionId": EXECUTION_ID,
    "status": "delivered",
    "attempts": 1,
    "dueAt": None,
    "lastStatus": 204,
    "lastError": None,
    "createdAt": "2026-03-01T09:05:00Z",
    "settledAt": _SENT,
}
DUE: dict[str, Any] = {**DELIVERY, "status": "due", "dueAt": _SENT, "lastStatus": None, "settledAt": None}
TEST: dict[str, Any] = {**DUE, "kind": "webhook.test", "workflowId": None, "executionId": None, "attempts": 0}
DETAIL: dict[str, Any] = {
    **DELIVERY,
    "body": {
        "id": DELIVERY_ID,
        "type": "execution.failed",
        "timestamp": "2026-03-01T09:04:59.5Z",
        "tenant": "acme",
        "data": {"executionId": EXECUTION_ID, "workflowId": "order", "seq": 12},
    },
    "attemptLog": [
        {
            "number": 1,
            "startedAt": "2026-03-01T09:05:00Z",
            "durationMs": 84,
            "requestHeaders": {
                "content-type": "application/json",
                "webhook-id": DELIVERY_ID,
                "webhook-timestamp": "1772355900",
            },
            "status": 204,
            "response": "",
            "error": None,
        }
    ],
}
