"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.tenancy.configuration import TenantConfiguration

_OWN = {"security": {"requireMfa": True}, "limits": {"maxUsers": 50}}

NEW: dict[str, Any] = {
    "name": "Acme",
    "slug": "acme",
    "configuration": _OWN,
    "admin": {"email": "ada@acme.example", "name": "Ada Lovelace"},
}
CHANGES: dict[str, Any] = {"name": "Acme Ltd.", "configuration": {**_OWN, "branding": {"primaryColor": "#0a7f5a"}}}
REASON: dict[str, Any] = {"reason": "Ticket 4711"}
TENANT: dict[str, Any] = {
    "id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "slug": "acme",
    "name": "Acme",
    "domain": None,
    "status": "active",
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
CONFIGURATION: dict[str, Any] = {
    **{name: TENANT[name] for name in ("id", "slug", "name", "domain")},
    "own": _OWN,
    "effective": TenantConfiguration.model_validate(_OWN).model_dump(mode="json", by_alias=True),
}
