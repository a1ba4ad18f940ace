"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.executions.examples import ID as EXECUTION_ID

ID = "0195f3a0-8d10-7c55-b0c3-5a1f0c9be7d4"

START: dict[str, Any] = {
    "act": "cancel",
    "filter": {"status": ["running", "waiting"], "workflowId": "greeting", "attribute": ["region:emea"]},
    "reason": "Started with a wrong price list",
}
OPERATION: dict[str, Any] = {
    "id": ID,
    "act": "cancel",
    "filter": START["filter"],
    "reason": START["reason"],
    "status": "running",
    "total": 1200,
    "done": 300,
    "succeeded": 298,
    "failed": 2,
    "startedBy": "ada@example.org",
    "createdAt": "2026-03-01T09:10:00Z",
    "completedAt": None,
}
STARTED: dict[str, Any] = {**OPERATION, "done": 0, "succeeded": 0, "failed": 0}
DRY_RUN: dict[str, Any] = {"act": "cancel", "total": 1200}
CANCELLED: dict[str, Any] = {**OPERATION, "status": "cancelled", "completedAt": "2026-03-01T09:10:02Z"}
FAILURE: dict[str, Any] = {
    "executionId": EXECUTION_ID,
    "code": "execution_ended",
    "message": "The execution has ended: it is completed.",
}
