"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

NOTIFICATION: dict[str, Any] = {
    "id": "0d9f6f2e-3b51-5c0e-9f3c-2f6a7c1b8e44",
    "channel": "webhook",
    "recipients": ["https://ops.example.com/hooks/weftline"],
    "delivered": [],
    "template": None,
    "error": {"code": "http_503", "message": "http: stock.example.com answered 503", "retryable": True},
    "status": "due",
    "attempts": 1,
    "dueAt": "2026-03-01T09:10:32Z",
    "lastError": "https://ops.example.com/hooks/weftline: http: no answer within 30 s",
    "createdAt": "2026-03-01T09:10:00Z",
}
