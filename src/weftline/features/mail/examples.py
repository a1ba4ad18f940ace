"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "0195f3a0-9b2c-7f11-8a4d-5c6e7f809112"

SUMMARY: dict[str, Any] = {
    "id": ID,
    "template": "verify_email",
    "recipient": "ada@example.com",
    "subject": "Confirm your e-mail address",
    "status": "pending",
    "attempts": 1,
    "createdAt": "2026-03-01T09:10:00Z",
    "dueAt": "2026-03-01T09:11:02Z",
    "sentAt": None,
    "error": "Error connecting to mail.example.com on port 587",
}
DETAIL: dict[str, Any] = {
    **SUMMARY,
    "text": "Hello Ada, please confirm that this e-mail address is yours: …",
    "html": "<!doctype html>…",
}
