"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.workflows.examples import DEFINITION

BODY: dict[str, Any] = {
    "definition": DEFINITION,
    "input": {"name": "Ada"},
    "mocks": {"echo": {"output": {"text": "Hello Ada"}}},
    "maxSteps": 100,
}
TRIAL: dict[str, Any] = {
    "status": "completed",
    "output": {"text": "Hello Ada"},
    "data": {"name": "Ada"},
    "error": None,
    "stopped": None,
    "endsAt": "2026-03-01T09:00:00Z",
    "events": [
        {
            "seq": 1,
            "type": "WORKFLOW_STARTED",
            "stepId": None,
            "occurredAt": "2026-03-01T09:00:00Z",
            "data": None,
        }
    ],
    "waitingFor": [],
    "unmocked": [],
    "emitted": [],
}
