"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "b3a1c5e8-7d2a-5f6b-9c1e-0195f3a07c1e"

OPEN: dict[str, Any] = {
    "id": ID,
    "executionId": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "workflowId": "purchase",
    "stepId": "approve",
    "name": "Approve the purchase",
    "form": None,
    "assignTo": ["purchasing"],
    "outcomes": ["approved", "rejected"],
    "status": "open",
    "claimedBy": None,
    "data": None,
    "outcome": None,
    "createdAt": "2026-03-01T09:10:00Z",
    "dueAt": None,
    "claimedAt": None,
    "completedAt": None,
    "completedBy": None,
}
CLAIM: dict[str, Any] = {"user": "grace"}
CLAIMED: dict[str, Any] = {
    **OPEN,
    "status": "claimed",
    "claimedBy": "grace",
    "claimedAt": "2026-03-01T09:12:00Z",
}
COMPLETE: dict[str, Any] = {"outcome": "approved", "data": {"note": "within budget"}}
COMPLETED: dict[str, Any] = {
    **CLAIMED,
    **COMPLETE,
    "status": "completed",
    "completedAt": "2026-03-01T09:15:00Z",
    "completedBy": "grace",
}
