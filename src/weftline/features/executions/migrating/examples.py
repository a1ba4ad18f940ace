"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from weftline.features.executions.examples import ID, PAUSED

MIGRATE: dict[str, Any] = {"version": 2, "nodes": {"check": "verify"}, "reason": "The check was wrong"}
MIGRATED: dict[str, Any] = {**PAUSED, "status": "waiting", "versionNumber": 2}

MIGRATION: dict[str, Any] = {"fromVersion": 1, "toVersion": 2, "nodes": {"check": "verify"}, "dryRun": True}
PROBLEM: dict[str, Any] = {
    "code": "live_node_missing",
    "stepId": "approve",
    "message": "it is at 'approve', which the other version lacks",
}
RESULT: dict[str, Any] = {
    "total": 12,
    "possible": 11,
    "refused": 1,
    "problems": [{"executionId": ID, "problems": [PROBLEM]}],
}
