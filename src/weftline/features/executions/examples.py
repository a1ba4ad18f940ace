"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"

START: dict[str, Any] = {
    "input": {"name": "Ada"},
    "idempotencyKey": "order-4711",
    "tags": ["demo"],
    "attributes": {"region": "emea"},
    "context": {"metadata": {"source": "web"}},
}
CHANGE: dict[str, Any] = {"tags": ["demo", "urgent"], "attributes": {"region": "apac"}, "priority": 8}

STARTED: dict[str, Any] = {
    "id": ID,
    "workflowId": "greeting",
    "versionNumber": 1,
    "status": "pending",
    "priority": 5,
    "tags": ["demo"],
}

SUMMARY: dict[str, Any] = {
    "id": ID,
    "workflowId": "greeting",
    "versionNumber": 1,
    "status": "completed",
    "error": None,
    "currentSteps": [],
    "startedAt": "2026-03-01T09:10:00.012Z",
    "completedAt": "2026-03-01T09:10:00.021Z",
    "executionTimeMs": 9,
    "createdAt": "2026-03-01T09:10:00Z",
    "tags": ["demo"],
    "priority": 5,
    "startedBy": None,
    "parentId": None,
    "attributes": {"region": "emea"},
    "isQueued": False,
}

EXECUTION: dict[str, Any] = {
    **SUMMARY,
    "input": {"name": "Ada"},
    "output": {"text": "Hello Ada"},
    "data": {"name": "Ada"},
    "parentStepId": None,
    "restartedFrom": None,
    "context": {"metadata": {"source": "web"}},
    "report": {"message": "Ada was greeted."},
    "undo": [],
}
CANCELLED: dict[str, Any] = {**EXECUTION, "status": "cancelled", "output": None}
PAUSED: dict[str, Any] = {
    **EXECUTION,
    "status": "paused",
    "output": None,
    "currentSteps": ["greet"],
    "completedAt": None,
    "executionTimeMs": None,
}
RESUMED: dict[str, Any] = {**PAUSED, "status": "running"}

EVENTS: dict[str, Any] = {
    "items": [
        {
            "seq": 1,
            "type": "WORKFLOW_STARTED",
            "stepId": None,
            "occurredAt": "2026-03-01T09:10:00.012Z",
            "data": None,
        },
        {
            "seq": 2,
            "type": "STEP_COMPLETED",
            "stepId": "start",
            "occurredAt": "2026-03-01T09:10:00.012Z",
            "data": None,
        },
    ],
    "nextCursor": None,
}

STEPS: dict[str, Any] = {
    "items": [
        {
            "stepId": "greet",
            "stepName": "greet",
            "stepType": "action",
            "stepStatus": "completed",
            "scope": None,
            "visit": 1,
            "input": {"text": "Hello Ada"},
            "output": {"text": "Hello Ada"},
            "error": None,
            "attempt": 1,
            "retryCount": 0,
            "startedAt": "2026-03-01T09:10:00.012Z",
            "completedAt": "2026-03-01T09:10:00.020Z",
            "dueAt": None,
        }
    ],
    "nextCursor": None,
}

BATCH = '{"input": {"name": "Ada"}}\n{"input": {"name": "Grace"}, "idempotencyKey": "order-4712"}\n'
BATCH_STARTED: dict[str, Any] = {
    "accepted": 1,
    "rejected": [{"line": 2, "error": '/input: "name" is a required property'}],
    "ids": [ID],
}

SIGNAL: dict[str, Any] = {"name": "payment-received", "payload": {"amount": 250}}
SIGNALLED: dict[str, Any] = {"executionId": ID, "name": "payment-received"}
EVENT: dict[str, Any] = {"name": "payment-received", "correlation": "order-4711", "payload": {"amount": 250}}
DELIVERED: dict[str, Any] = {"name": "payment-received", "delivered": 1}
