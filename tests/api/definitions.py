"""Workflows for tests of the API."""

from __future__ import annotations

from typing import Any

GREETING: dict[str, Any] = {
    "id": "greeting",
    "name": "Greeting",
    "version": "1.0.0",
    "description": "Says hello",
    "input": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "nodes": [
        {"id": "start", "type": "start", "next": "greet"},
        {
            "id": "greet",
            "type": "action",
            "name": "Greet",
            "action": "echo",
            "input": {"text": "Hello ${ name }"},
            "next": "end",
        },
        {"id": "end", "type": "end"},
    ],
}

PAYMENT: dict[str, Any] = {
    "id": "payment",
    "nodes": [
        {"id": "start", "type": "start", "next": "pay"},
        {
            "id": "pay",
            "type": "wait",
            "event": "paid",
            "correlation": "${ order }",
            "output": {"amount": "${ result.amount }"},
            "next": "end",
        },
        {"id": "end", "type": "end"},
    ],
}

APPROVAL: dict[str, Any] = {
    "id": "approval",
    "nodes": [
        {"id": "start", "type": "start", "next": "approve"},
        {
            "id": "approve",
            "type": "human-task",
            "name": "Approve it",
            "assignTo": "${ reviewers }",
            "form": {
                "type": "object",
                "properties": {"note": {"type": "string"}},
                "required": ["note"],
            },
            "outcomes": {"yes": "end", "no": "refused"},
            "output": {"note": "${ result.data.note }"},
        },
        {"id": "refused", "type": "set", "values": {"refused": True}, "next": "end"},
        {"id": "end", "type": "end"},
    ],
}

FORK: dict[str, Any] = {
    "id": "fork",
    "nodes": [
        {"id": "start", "type": "start", "next": "both"},
        {"id": "both", "type": "parallel", "branches": ["left", "right"], "next": "end"},
        {"id": "left", "type": "action", "action": "echo", "input": {"side": "left"}},
        {"id": "right", "type": "action", "action": "echo", "input": {"side": "right"}},
        {"id": "end", "type": "end"},
    ],
}


def changed(definition: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The same definition with other fields."""
    return {**definition, **fields}
