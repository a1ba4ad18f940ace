"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.statistics import examples as statistics
from weftline.features.tenancy import examples

TENANT_ID: str = examples.TENANT["id"]

TENANTS_SEEN: dict[str, Any] = {"tenants": [TENANT_ID]}
OPERATOR: dict[str, Any] = {
    "userId": "0195f3a0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    **TENANTS_SEEN,
    "createdAt": "2026-03-01T09:00:00Z",
}
PERSON: dict[str, Any] = {
    "id": "0195f3a0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "status": "active",
    "createdAt": "2026-03-01T09:00:00Z",
    "lastSignInAt": "2026-03-02T08:30:00Z",
}
TENANT: dict[str, Any] = {**examples.TENANT, "members": 12, "workflows": 7}
EXECUTION: dict[str, Any] = {
    "tenantId": TENANT_ID,
    "tenantSlug": "acme",
    "id": "0195f3a0-5a6b-7c8d-9e0f-1a2b3c4d5e6f",
    "workflowId": "greeting",
    "versionNumber": 1,
    "status": "waiting",
    "startedBy": None,
    "createdAt": "2026-03-01T09:00:00Z",
    "startedAt": "2026-03-01T09:00:00Z",
    "completedAt": None,
}
TASK: dict[str, Any] = {
    "tenantId": TENANT_ID,
    "tenantSlug": "acme",
    "id": "b3a1c5e8-7d2a-5f6b-9c1e-0195f3a07c1e",
    "executionId": EXECUTION["id"],
    "workflowId": "expense",
    "name": "Approve the expense",
    "status": "open",
    "createdAt": "2026-03-01T09:00:00Z",
    "dueAt": None,
}
STATISTICS: dict[str, Any] = {
    "tenants": {"active": 41, "suspended": 1},
    "members": 230,
    "workflows": 118,
    "executions": {"running": 14, "waiting": 3021},
    "tasks": {"open": 77, "claimed": 5},
    "workers": 4,
}
EXECUTION_STATISTICS: dict[str, Any] = {
    **statistics.STATISTICS,
    "items": [{**statistics.GROUP, "tenantId": TENANT_ID, "tenantSlug": "acme"}],
}
SETTINGS: dict[str, Any] = {"registration": "invite", "security": {"minPasswordScore": 4}, "limits": {"maxUsers": 50}}
SETTINGS_SHOWN: dict[str, Any] = {"configuration": SETTINGS, "updatedAt": "2026-03-01T09:00:00Z"}
