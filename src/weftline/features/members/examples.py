"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.http.bulk import example

ID = "0195f3a0-1b2c-7d3e-8f40-5a6b7c8d9e0f"
NEW: dict[str, Any] = {"email": "grace@example.com", "roles": ["author"], "department": "Finance"}
CHANGES: dict[str, Any] = {"roles": ["author", "approver"], "department": "Finance"}
MEMBER: dict[str, Any] = {
    "id": ID,
    "email": "grace@example.com",
    "name": "Grace Hopper",
    "status": "active",
    "roles": ["approver", "author"],
    "department": "Finance",
    "attributes": {"costCentre": "4711"},
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:05:00Z",
}
INVITED: dict[str, Any] = {**MEMBER, "name": None, "status": "invited", "roles": ["author"], "attributes": {}}

BULK: dict[str, Any] = {
    "items": [
        {"act": "change", "id": ID, "status": "disabled"},
        {"act": "add", "email": "ada@example.com", "roles": ["author"]},
    ]
}
BULK_DONE: dict[str, Any] = example(
    ID,
    "ada@example.com",
    "member_exists",
    "This address belongs to a member already, or to somebody who is invited.",
)

GROUP_ID = "0195f3a0-2c3d-7e4f-9a50-6b7c8d9e0f1a"
NEW_GROUP: dict[str, Any] = {"name": "Finance", "description": "Signs what costs money.", "roles": ["approver"]}
GROUP: dict[str, Any] = {
    "id": GROUP_ID,
    **NEW_GROUP,
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
