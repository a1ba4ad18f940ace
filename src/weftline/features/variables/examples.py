"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.http.bulk import example

KEY = "API_URL"
SECRET_KEY = "API_TOKEN"  # noqa: S105 - the name of one

BODY: dict[str, Any] = {"type": "STRING", "value": "https://api.example.com", "description": "The shop's API"}
SECRET_BODY: dict[str, Any] = {"type": "SECRET", "value": "correct horse battery staple"}
NEW: dict[str, Any] = {"key": KEY, **BODY}
CHANGE: dict[str, Any] = {"value": "https://api.example.org"}

VARIABLE: dict[str, Any] = {
    "id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "tenantId": "00000000-0000-7000-8000-000000000001",
    "workflowId": None,
    **NEW,
    "isEncrypted": False,
    "isSystem": False,
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
SECRET: dict[str, Any] = {
    **VARIABLE,
    "id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b22",
    "key": SECRET_KEY,
    "type": "SECRET",
    "value": None,
    "description": None,
    "isEncrypted": True,
}

BULK: dict[str, Any] = {
    "items": [{"act": "set", "key": KEY, **BODY}, {"act": "remove", "key": "OLD_URL"}],
}
BULK_DONE: dict[str, Any] = example(KEY, "OLD_URL", "variable_not_found", "There is no variable 'OLD_URL'.")
