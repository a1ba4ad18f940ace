"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

_DURATIONS: dict[str, Any] = {
    "averageMs": 5120.4,
    "minMs": 310.2,
    "maxMs": 86400012.0,
    "p50Ms": 1408.0,
    "p95Ms": 21504.0,
    "p99Ms": 90112.0,
}
FIGURES: dict[str, Any] = {
    "started": 1210,
    "ended": 1204,
    "completed": 1180,
    "failed": 18,
    "timedOut": 2,
    "cancelled": 4,
    "skipped": 0,
    "rolledBack": 1,
    "retried": 3,
    "successRate": 0.9833,
    **_DURATIONS,
}
GROUP: dict[str, Any] = {
    **FIGURES,
    "workflowId": "order",
    "versionNumber": None,
    "stepId": None,
    "periodStart": "2026-03-01T23:00:00Z",
    "running": None,
}
STEP: dict[str, Any] = {**GROUP, "started": None, "workflowId": None, "stepId": "reserve", "periodStart": None}
STATISTICS: dict[str, Any] = {
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-03-31T00:00:00Z",
    "timezone": "Europe/Berlin",
    "running": 6,
    "total": FIGURES,
    "items": [GROUP],
    "hasMore": False,
}
WORKFLOW: dict[str, Any] = {
    "workflowId": "order",
    "total": 1210,
    "successful": 1180,
    "failed": 20,
    "cancelled": 4,
    "running": 6,
    "successRate": 0.9833,
    "averageExecutionTime": 5120.4,
    "figures": FIGURES,
    "steps": [STEP],
}
