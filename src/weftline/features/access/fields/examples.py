"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b23"

BODY: dict[str, Any] = {
    "workflowId": "purchase",
    "field": "customer.iban",
    "effect": "mask",
    "visibleTo": ["admin", "approver"],
}
RULE: dict[str, Any] = {
    "id": ID,
    **BODY,
    "createdBy": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b22",
    "createdAt": "2026-03-01T09:00:00Z",
}
