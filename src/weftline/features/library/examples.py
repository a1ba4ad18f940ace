"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

TEMPLATE = "purchase-approval"

LISTED: dict[str, Any] = {
    "id": TEMPLATE,
    "name": "Purchase approval",
    "description": "Small purchases go through at once; larger ones wait for a lead.",
    "category": "finance",
    "tags": ["approval", "slack"],
    "source": "BUILT_IN",
    "pluginId": None,
    "author": None,
    "version": 1,
    "isPublished": True,
    "isFeatured": True,
    "isPremium": False,
    "usageCount": 12,
    "requiredIntegrations": ["slack"],
}

WHOLE: dict[str, Any] = {
    **LISTED,
    "connections": [
        {"name": "team-chat", "integration": "slack", "purpose": "Tells the requester's channel what was decided."}
    ],
    "variables": [
        {
            "key": "PURCHASE_LIMIT",
            "type": "NUMBER",
            "title": "Limit without approval",
            "description": "Purchases up to this amount need nobody's consent.",
            "default": 250,
            "isRequired": False,
        }
    ],
    "sampleInput": {"item": "Standing desk", "amount": 640},
    "tests": ["a small purchase needs nobody", "a lead decides on a larger one"],
    "refusal": None,
    "templateData": {
        "id": TEMPLATE,
        "nodes": [
            {
                "id": "tell",
                "type": "action",
                "action": "slack.sendMessage",
                "connection": "team-chat",
                "input": {"text": "${ input.item }"},
            }
        ],
    },
}

INSTALLATION: dict[str, Any] = {
    "workflowId": "purchase-approval",
    "name": "Purchases of the Berlin office",
    "connections": {"team-chat": "berlin-slack"},
    "variables": ["PURCHASE_LIMIT"],
    "isDryRun": False,
}

INSTALL: dict[str, Any] = {
    "name": "Purchases of the Berlin office",
    "connections": {"team-chat": "berlin-slack"},
    "variables": {"PURCHASE_LIMIT": 400},
}
