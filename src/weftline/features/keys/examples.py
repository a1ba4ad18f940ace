"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
ACCOUNT_ID = "0195f3a0-3d4e-7f50-8a61-7c8d9e0f1a2b"
NEW: dict[str, Any] = {
    "name": "Nightly import",
    "scopes": ["execution:start"],
    "expiresAt": "2036-03-01T00:00:00Z",
    "serviceAccountId": None,
}
KEY: dict[str, Any] = {
    "id": ID,
    "name": "Nightly import",
    "hint": "x7Qk",
    "userId": "0195f3a0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "serviceAccountId": None,
    "scopes": ["execution:start"],
    "createdAt": "2026-03-01T09:00:00Z",
    "expiresAt": "2036-03-01T00:00:00Z",
    "lastUsedAt": None,
}
CREATED: dict[str, Any] = {**KEY, "key": "wk_AZXzoHwefSqf…x7Qk"}

NEW_ACCOUNT: dict[str, Any] = {"name": "importer", "description": "Imports orders at night.", "roles": ["operator"]}
ACCOUNT: dict[str, Any] = {
    "id": ACCOUNT_ID,
    **NEW_ACCOUNT,
    "status": "active",
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
