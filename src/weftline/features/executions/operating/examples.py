"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.executions.examples import EXECUTION, ID, PAUSED

ROLLBACK: dict[str, Any] = {"toStepId": "reserve", "reason": "The hotel has closed"}
UNDO: dict[str, Any] = {"stepId": "pay", "stepKey": "pay", "action": "refund", "childId": None}
ROLLED_BACK: dict[str, Any] = {**PAUSED, "status": "compensating", "currentSteps": ["pay"], "undo": [UNDO]}

RETRY: dict[str, Any] = {"stepId": "pay", "input": {"amount": 250}, "reason": "The card was changed"}
RETRIED: dict[str, Any] = {
    **PAUSED,
    "status": "running",
    "currentSteps": ["pay"],
    "sideEffects": [{"stepId": "tell", "stepKey": "tell"}],
}

SKIP: dict[str, Any] = {"stepId": "pay", "output": {"paid": True}, "reason": "Paid in cash"}
SKIPPED: dict[str, Any] = {**EXECUTION}

DATA: dict[str, Any] = {"set": {"address": "Rue de la Paix 1"}, "remove": ["coupon"], "reason": "The customer moved"}
CHANGED: dict[str, Any] = {**PAUSED, "status": "waiting", "data": {"name": "Ada", "address": "Rue de la Paix 1"}}

RESTART: dict[str, Any] = {"data": {"coupon": "SORRY"}, "latest": True}
RESTARTED: dict[str, Any] = {
    "id": "0195f3a1-11aa-7d2a-9f6b-3a1c5e8d4b21",
    "workflowId": "greeting",
    "versionNumber": 2,
    "restartedFrom": ID,
}
