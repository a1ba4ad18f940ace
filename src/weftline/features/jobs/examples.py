"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "6a0f7c1e-52c1-5b8e-9d0c-2f4be15d6c11"
TOKEN = "0d7f2f6e-8a43-4f0f-9a67-3a3f0f9d2b55"  # noqa: S105 - nobody's
QUEUE = "parcels"
_EXECUTION = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
_UNTIL = "2026-05-04T10:01:00Z"

FETCH: dict[str, Any] = {"workerId": "packer-7", "maxJobs": 10, "waitSeconds": 30, "lockSeconds": 60}
FETCHED: dict[str, Any] = {
    "id": ID,
    "token": TOKEN,
    "tenant": {"id": "00000000-0000-7000-8000-000000000001", "slug": "default"},
    "executionId": _EXECUTION,
    "workflowId": "order",
    "stepId": "ship",
    "attempt": 1,
    "action": "ship",
    "input": {"order": 4711},
    "idempotencyKey": f"{_EXECUTION}/ship",
    "lockedUntil": _UNTIL,
    "losses": 0,
}
COMPLETE: dict[str, Any] = {"token": TOKEN, "output": {"label": "L-4711"}}
FAIL: dict[str, Any] = {
    "token": TOKEN,
    "error": {"code": "printer_jammed", "message": "the label printer is jammed", "retryAfter": 60},
}
EXTEND: dict[str, Any] = {"token": TOKEN, "lockSeconds": 60, "progress": {"percent": 40}}
BATCH: dict[str, Any] = {"items": [{"id": ID, **COMPLETE}]}

COMPLETED: dict[str, Any] = {"id": ID, "status": "completed"}
FAILED: dict[str, Any] = {"id": ID, "status": "failed"}
EXTENDED: dict[str, Any] = {"id": ID, "cancelled": False, "lockedUntil": _UNTIL}
JOB: dict[str, Any] = {
    "id": ID,
    "executionId": _EXECUTION,
    "workflowId": "order",
    "stepId": "ship",
    "attempt": 1,
    "queue": QUEUE,
    "action": "ship",
    "input": {"order": 4711},
    "priority": 5,
    "status": "locked",
    "held": False,
    "lockedBy": "packer-7",
    "lockedUntil": _UNTIL,
    "losses": 0,
    "progress": {"percent": 40},
    "createdAt": "2026-05-04T10:00:00Z",
}
TASK_QUEUE: dict[str, Any] = {
    "name": QUEUE,
    "available": 12,
    "held": 0,
    "locked": 3,
    "oldest": "2026-05-04T09:59:58Z",
    "workers": ["packer-7"],
}
