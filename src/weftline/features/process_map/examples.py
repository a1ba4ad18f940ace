"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

MAP: dict[str, Any] = {
    "versionNumber": 3,
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-04-01T00:00:00Z",
    "executions": 412,
    "isPartial": False,
    "nodes": [
        {
            "nodeId": "greet",
            "visits": 412,
            "failures": 2,
            "timeouts": 0,
            "retries": 9,
            "skips": 0,
            "durationMedianMs": 41,
            "durationP95Ms": 230,
            "waitingMedianMs": 0,
            "waitingP95Ms": 3,
        }
    ],
    "edges": [{"from": "start", "to": "greet", "kind": "next", "label": None, "count": 412, "medianMs": 0}],
}
