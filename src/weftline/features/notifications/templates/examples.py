"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

NAME = "order-failed"

BODY: dict[str, Any] = {
    "channel": "email",
    "subject": "Order ${data.orderId} failed",
    "body": "The order ${data.orderId} was not placed: ${error.message}\n\n${execution.link}",
}
NEW: dict[str, Any] = {"name": NAME, **BODY}
TEMPLATE: dict[str, Any] = {
    **NEW,
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:00:00Z",
}
