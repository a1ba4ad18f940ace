"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

DEFINITION: dict[str, Any] = {
    "id": "greeting",
    "name": "Greeting",
    "version": "1.0.0",
    "input": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "nodes": [
        {"id": "start", "type": "start", "next": "greet"},
        {"id": "greet", "type": "action", "action": "echo", "input": {"text": "Hello ${ name }"}, "next": "end"},
        {"id": "end", "type": "end"},
    ],
}

YAML_DEFINITION = """\
id: greeting
name: Greeting
nodes:
  - {id: start, type: start, next: greet}
  - {id: greet, type: action, action: echo, input: {text: "Hello ${ name }"}, next: end}
  - {id: end, type: end}
"""

SUMMARY: dict[str, Any] = {
    "id": "greeting",
    "templateId": "greeting",
    "name": "Greeting",
    "description": None,
    "status": "PUBLISHED",
    "isActive": True,
    "latestVersion": 1,
    "publishedVersion": 1,
    "createdAt": "2026-03-01T09:00:00Z",
    "updatedAt": "2026-03-01T09:05:00Z",
}

VERSION_SUMMARY: dict[str, Any] = {
    "templateId": "greeting",
    "versionNumber": 1,
    "label": "1.0.0",
    "status": "PUBLISHED",
    "isActive": True,
    "changeDescription": "First version",
    "isRollbackVersion": False,
    "rollbackOf": None,
    "publishedAt": "2026-03-01T09:05:00Z",
    "createdAt": "2026-03-01T09:00:00Z",
}

WORKFLOW: dict[str, Any] = {**SUMMARY, "versionNumber": 1, "definition": DEFINITION}
DRAFT: dict[str, Any] = {**WORKFLOW, "status": "DRAFT", "publishedVersion": None}
DEPRECATED: dict[str, Any] = {**WORKFLOW, "status": "DEPRECATED"}
ARCHIVED: dict[str, Any] = {**WORKFLOW, "status": "ARCHIVED", "isActive": False}
VERSION: dict[str, Any] = {**VERSION_SUMMARY, "definition": DEFINITION}
PUBLISHED: dict[str, Any] = {**VERSION, "warnings": []}
ROLLED_BACK: dict[str, Any] = {
    **PUBLISHED,
    "versionNumber": 3,
    "changeDescription": "The new words confused people",
    "isRollbackVersion": True,
    "rollbackOf": 1,
}
DIFF: dict[str, Any] = {
    "from": 1,
    "to": 2,
    "isEmpty": False,
    "nodes": {
        "added": ["farewell"],
        "removed": [],
        "renamed": [{"before": "end", "after": "done"}],
        "changed": [
            {
                "id": "greet",
                "fields": [
                    {"path": "/input/text", "change": "changed", "before": "Hello ${ name }", "after": "Hi ${ name }"}
                ],
            }
        ],
    },
    "settings": [{"path": "/timeout", "change": "added", "before": None, "after": "1h"}],
    "other": [{"path": "/version", "change": "changed", "before": "1.0.0", "after": "2.0.0"}],
}
PROBLEMS: dict[str, Any] = {
    "valid": False,
    "problems": [
        {
            "pointer": "/nodes/0/next",
            "message": "there is no node 'greeet'",
            "hint": "Did you mean 'greet'?",
            "code": "unknown_node",
        }
    ],
}

FOREIGN: dict[str, Any] = {
    "id": "greeting",
    "name": "Greeting",
    "nodes": [
        {"id": "start", "type": "start", "nextNodeId": "greet"},
        {"id": "greet", "type": "email", "nextNodeId": "end"},
        {"id": "end", "type": "end"},
    ],
}

YAML_FOREIGN = """\
id: greeting
name: Greeting
nodes:
  - {id: start, type: start, nextNodeId: greet}
  - {id: greet, type: email, nextNodeId: end}
  - {id: end, type: end}
"""

CONVERSION: dict[str, Any] = {
    "from": "nodes",
    "to": "native",
    "definition": {
        "id": "greeting",
        "name": "Greeting",
        "nodes": [
            {"id": "start", "type": "start", "next": "greet"},
            {
                "id": "greet",
                "type": "action",
                "action": "unsupported.email",
                "next": "end",
                "ui": {"nodes": {"id": "greet", "type": "email", "nextNodeId": "end"}},
            },
            {"id": "end", "type": "end"},
        ],
    },
    "notes": [
        {
            "pointer": "/nodes/1/type",
            "construct": "email",
            "fate": "unsupported",
            "message": "there is no such step here",
        }
    ],
    "problems": [],
}
