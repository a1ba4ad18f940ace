"""Examples of publications for the OpenAPI document."""

from __future__ import annotations

from typing import Any

PUBLICATION = "travel-request"
SUBMISSION = "01990c52-7a10-7000-8000-0000000000aa"

ENTRY: dict[str, Any] = {
    "id": PUBLICATION,
    "category": "people",
    "name": {"en": "Travel request"},
    "description": {"en": "A lead agrees to a journey before it is booked."},
    "tags": ["travel"],
    "connections": {"slack": {"integration": "slack", "purpose": {"en": "Tells the traveller."}}},
    "variables": [{"key": "TRAVEL_LIMIT", "type": "NUMBER", "title": {"en": "Limit"}, "default": 800}],
    "sampleInput": {"where": "Oslo"},
    "definition": {
        "id": PUBLICATION,
        "name": "Travel request",
        "nodes": [{"id": "tell", "type": "action", "action": "slack.sendMessage", "connection": "slack"}],
    },
}
VERSION_BODY: dict[str, Any] = {
    "visibility": "PUBLIC",
    "category": "people",
    "name": {"en": "Travel request"},
    "description": {"en": "A lead agrees to a journey before it is booked."},
    "tags": ["travel"],
    "author": "Acme Travel",
    "connections": {"berlin-slack": {"placeholder": "slack", "purpose": {"en": "Tells the traveller."}}},
    "variables": [{"key": "TRAVEL_LIMIT", "type": "NUMBER", "title": {"en": "Limit"}, "default": 800}],
    "sampleInput": {"where": "Oslo"},
    "changeDescription": "Journeys within the country need nobody's consent.",
}
PUBLISH: dict[str, Any] = {"id": PUBLICATION, "workflowId": "travel", **VERSION_BODY}
VERSION: dict[str, Any] = {
    "number": 1,
    "workflowVersion": 3,
    "changeDescription": "Journeys within the country need nobody's consent.",
    "status": "PENDING",
    "note": None,
    "reviewedAt": None,
    "publishedBy": "kim@example.com",
    "publishedAt": "2026-03-02T09:00:00Z",
}
LISTED: dict[str, Any] = {
    "id": PUBLICATION,
    "name": "Travel request",
    "workflowId": "travel",
    "visibility": "PUBLIC",
    "isPublished": True,
    "author": "Acme Travel",
    "usageCount": 2,
    "version": VERSION,
    "createdAt": "2026-03-02T09:00:00Z",
    "updatedAt": "2026-03-02T09:00:00Z",
}
WHOLE: dict[str, Any] = {**LISTED, "template": ENTRY}
PROPOSAL: dict[str, Any] = {
    "workflowVersion": 3,
    "name": "Travel request",
    "description": None,
    "connections": [{"name": "berlin-slack", "placeholder": "slack", "integration": "slack"}],
    "variables": [
        {"key": "TRAVEL_LIMIT", "type": "NUMBER", "title": {"en": "TRAVEL_LIMIT"}, "description": None, "default": 800}
    ],
    "findings": [],
}
SUBMITTED: dict[str, Any] = {
    "id": SUBMISSION,
    "templateId": PUBLICATION,
    "version": 1,
    "name": "Travel request",
    "category": "people",
    "author": "Acme Travel",
    "tenantId": "01990c52-7a10-7000-8000-000000000001",
    "tenantName": "Acme",
    "changeDescription": "Journeys within the country need nobody's consent.",
    "status": "PENDING",
    "note": None,
    "submittedBy": "kim@example.com",
    "submittedAt": "2026-03-02T09:00:00Z",
    "reviewedAt": None,
}
DECIDED: dict[str, Any] = {**SUBMITTED, "status": "APPROVED", "reviewedAt": "2026-03-03T10:00:00Z", "template": ENTRY}
MARKS: dict[str, Any] = {"id": "purchase-approval", "isFeatured": True, "isPremium": None}
