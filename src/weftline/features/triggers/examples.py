"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

ID = "586f9af5-a7cb-55ec-86ca-e500d0290d11"
TOKEN = "AAAAAAAAcACAAAAAAAAAAT3v7m0yq4Wc5bq1Qh0o8kZr9u2t6s1x3n5p7d4f8g0j"  # noqa: S105 - a made-up one

TRIGGER: dict[str, Any] = {
    "id": ID,
    "workflowId": "nightly-report",
    "key": "nightly",
    "type": "schedule",
    "name": "Every night",
    "status": "active",
    "versionNumber": 3,
    "declaration": {"id": "nightly", "type": "schedule", "cron": "0 2 * * *", "timezone": "Europe/Berlin"},
    "nextTimes": ["2026-03-02T01:00:00Z", "2026-03-03T01:00:00Z"],
    "url": None,
    "setup": None,
    "fired": 41,
    "failed": 0,
    "skipped": 1,
    "lastFiredAt": "2026-03-01T01:00:00Z",
    "lastExecutionId": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "lastError": None,
    "lastErrorAt": None,
    "integration": None,
    "pausedAt": None,
    "pausedReason": None,
    "createdAt": "2026-01-20T09:00:00Z",
    "updatedAt": "2026-02-11T14:30:00Z",
}
PAUSED: dict[str, Any] = {
    **TRIGGER,
    "status": "paused",
    "nextTimes": [],
    "pausedAt": "2026-03-01T09:00:00Z",
    "pausedReason": "the source is being moved",
}
WEBHOOK: dict[str, Any] = {
    **TRIGGER,
    "workflowId": "push",
    "key": "webhook-1",
    "type": "webhook",
    "name": None,
    "declaration": {"type": "webhook", "signature": {"preset": "github", "secret": "vars.GITHUB_SECRET"}},
    "nextTimes": [],
    "url": f"https://weft.example.com/hooks/{TOKEN}",
}
INTEGRATION: dict[str, Any] = {
    **TRIGGER,
    "workflowId": "orders-by-mail",
    "key": "mail",
    "type": "integration",
    "name": None,
    "declaration": {"id": "mail", "type": "integration", "integration": "imap", "trigger": "newMail", "every": "1m"},
    "nextTimes": [],
    "integration": {
        "kind": "POLLING",
        "state": "waiting",
        "lastRunAt": "2026-03-01T01:00:00Z",
        "nextRunAt": "2026-03-01T01:01:00Z",
        "failures": 0,
        "lastError": None,
        "lastErrorAt": None,
        "held": None,
        "received": 43,
        "duplicates": 2,
        "rejected": 0,
        "hasCursor": True,
        "rejectedEvents": [],
    },
}
CALLED: dict[str, Any] = {
    **INTEGRATION,
    "workflowId": "triage",
    "key": "issues",
    "declaration": {"id": "issues", "type": "integration", "integration": "github", "trigger": "event"},
    "url": f"https://weft.example.com/hooks/{TOKEN}",
    "setup": {
        "system": "GitHub",
        "place": "Settings › Webhooks › Add webhook",
        "docsUrl": "https://docs.github.com/webhooks/using-webhooks/creating-webhooks",
        "settings": [
            {"label": "Payload URL", "kind": "ADDRESS", "value": None},
            {"label": "Content type", "kind": "TEXT", "value": "application/json"},
            {"label": "Secret", "kind": "CREDENTIAL", "value": "Webhook secret"},
        ],
    },
    "integration": {**INTEGRATION["integration"], "kind": "WEBHOOK", "nextRunAt": None, "hasCursor": False},
}
REASON: dict[str, Any] = {"reason": "the source is being moved"}
FIRE: dict[str, Any] = {"payload": {"order": "A-17"}}
FIRED: dict[str, Any] = {"executionId": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"}
SPAN: dict[str, Any] = {"from": "2026-02-27T00:00:00Z", "to": "2026-02-28T23:59:59Z", "dryRun": True}
BACKFILLED: dict[str, Any] = {
    "times": ["2026-02-27T01:00:00Z", "2026-02-28T01:00:00Z"],
    "toStart": ["2026-02-28T01:00:00Z"],
    "dryRun": True,
}
