"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.http.bulk import example

ID = "b3a1c5e8-7d2a-5f6b-9c1e-0195f3a07c1e"
GRACE = "0195f3a0-0000-7d2a-9f6b-3a1c5e8d4b21"
ADA = "0195f3a0-0000-7d2a-9f6b-3a1c5e8d4b22"
LINK_TOKEN = "x" * 64

OPEN: dict[str, Any] = {
    "id": ID,
    "executionId": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "workflowId": "purchase",
    "stepId": "approve",
    "name": "Approve the purchase",
    "form": None,
    "assignTo": ["purchasing"],
    "outcomes": ["approved", "rejected"],
    "approvalsRequired": 1,
    "approvalsGiven": 0,
    "approvingOutcomes": ["approved"],
    "fourEyes": True,
    "status": "open",
    "claimedBy": None,
    "claimedById": None,
    "data": None,
    "outcome": None,
    "createdAt": "2026-03-01T09:10:00Z",
    "dueAt": "2026-03-03T09:10:00Z",
    "escalateAt": "2026-03-03T09:10:00Z",
    "escalatedAt": None,
    "claimedAt": None,
    "completedAt": None,
    "completedBy": None,
    "completedById": None,
}
CLAIMED: dict[str, Any] = {
    **OPEN,
    "status": "claimed",
    "claimedBy": "grace@example.com",
    "claimedById": GRACE,
    "claimedAt": "2026-03-01T09:12:00Z",
}
DELEGATE: dict[str, Any] = {"to": "ada@example.com", "reason": "on leave until Monday"}
DELEGATED: dict[str, Any] = {**CLAIMED, "claimedBy": "ada@example.com", "claimedById": ADA}
REASSIGN: dict[str, Any] = {"assignTo": ["finance", "ada@example.com"], "reason": "over the limit of purchasing"}
REASSIGNED: dict[str, Any] = {**OPEN, "assignTo": ["finance", "ada@example.com"]}
COMPLETE: dict[str, Any] = {"outcome": "approved", "data": {"note": "within budget"}, "comment": "Go ahead."}
COMPLETED: dict[str, Any] = {
    **CLAIMED,
    "status": "completed",
    "outcome": "approved",
    "data": {"note": "within budget"},
    "approvalsGiven": 1,
    "escalateAt": None,
    "completedAt": "2026-03-01T09:15:00Z",
    "completedBy": "grace@example.com",
    "completedById": GRACE,
}
VOTE: dict[str, Any] = {
    "voterId": GRACE,
    "voter": "grace@example.com",
    "outcome": "approved",
    "isApproving": True,
    "data": {"note": "within budget"},
    "comment": "Go ahead.",
    "votedAt": "2026-03-01T09:15:00Z",
}
DELEGATION: dict[str, Any] = {
    "id": "0195f3a1-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "fromId": GRACE,
    "fromName": "grace@example.com",
    "toId": ADA,
    "toName": "ada@example.com",
    "reason": "on leave until Monday",
    "createdAt": "2026-03-01T09:13:00Z",
}
COMMENT: dict[str, Any] = {"text": "Is this in the budget of March?"}
COMMENTED: dict[str, Any] = {
    "id": "0195f3a2-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "authorId": GRACE,
    "author": "grace@example.com",
    "text": "Is this in the budget of March?",
    "createdAt": "2026-03-01T09:14:00Z",
}
LINK: dict[str, Any] = {"user": "grace@example.com"}
SENT_LINK: dict[str, Any] = {
    "id": "0195f3a3-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "taskId": ID,
    "userId": GRACE,
    "email": "grace@example.com",
    "outcome": None,
    "createdAt": "2026-03-01T09:14:00Z",
    "expiresAt": "2026-03-08T09:14:00Z",
}
OFFER: dict[str, Any] = {
    "taskId": ID,
    "workflowId": "purchase",
    "name": "Approve the purchase",
    "user": "grace@example.com",
    "form": None,
    "outcomes": ["approved", "rejected"],
    "dueAt": "2026-03-03T09:10:00Z",
    "expiresAt": "2026-03-08T09:14:00Z",
}
DECISION: dict[str, Any] = {"outcome": "approved", "comment": "Go ahead."}
DECIDED: dict[str, Any] = {"taskId": ID, "status": "completed", "outcome": "approved"}
BULK: dict[str, Any] = {
    "items": [
        {"act": "complete", "id": ID, "outcome": "approved", "comment": "Go ahead."},
        {"act": "delegate", "id": "0195f3a1-7c1e-7d2a-9f6b-3a1c5e8d4b22", "to": "grace@example.com"},
    ]
}
BULK_DONE: dict[str, Any] = example(
    ID, "0195f3a1-7c1e-7d2a-9f6b-3a1c5e8d4b22", "task_not_found", "There is no such task."
)
