"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.executions.examples import EXECUTION, PAUSED

BEGUN: dict[str, Any] = {**PAUSED, "status": "waiting", "currentSteps": ["company"]}
STEP: dict[str, Any] = {"data": {"company": "Analytical Engines", "vatId": "GB123456789"}}
VALIDATION: dict[str, Any] = {
    "valid": False,
    "errors": [{"stepId": "company", "pointer": "/vatId", "message": "the VAT id is not known", "scope": None}],
}
SUBMITTED: dict[str, Any] = {**PAUSED, "status": "submitted", "currentSteps": []}
APPROVE: dict[str, Any] = {"comment": "Looks good"}
APPROVED: dict[str, Any] = {**EXECUTION}
REJECT: dict[str, Any] = {"reason": "The address is missing", "toStepId": "company"}
REJECTED: dict[str, Any] = {**BEGUN}
