"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

SEQ = 1204

ENTRY: dict[str, Any] = {
    "seq": SEQ,
    "occurredAt": "2026-03-01T09:15:00.204117Z",
    "actorType": "user",
    "actorId": "0195f3a0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "actorName": "grace@example.com",
    "action": "task.completed",
    "resourceType": "task",
    "resourceId": "b3a1c5e8-7d2a-5f6b-9c1e-0195f3a07c1e",
    "before": {"status": "claimed"},
    "after": {"status": "completed", "outcome": "approved"},
    "reason": None,
    "address": "192.0.2.7",
    "userAgent": "Mozilla/5.0",
    "requestId": "0195f3a07c1e7d2a9f6b3a1c5e8d4b21",
    "hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
}

ANCHOR: dict[str, Any] = {"seq": SEQ, "hash": ENTRY["hash"]}
VERIFY: dict[str, Any] = {"expect": ANCHOR}
VERIFIED: dict[str, Any] = {
    "whole": False,
    "complete": True,
    "entries": 1310,
    "seconds": 0.021,
    "head": {"seq": 1311, "hash": "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"},
    "faults": [{"kind": "removed", "seq": 977, "lastSeq": 977, "message": "entry 977 is missing"}],
}

EXPORTED: dict[str, dict[str, Any]] = {
    "application/x-ndjson": {"example": '{"seq": 1204, "action": "task.completed", "actorName": "grace@example.com"}'},
    "text/csv": {"example": "seq,occurredAt,actorType\r\n1204,2026-03-01T09:15:00.204117Z,user\r\n"},
}
