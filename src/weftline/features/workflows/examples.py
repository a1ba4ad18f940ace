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
    "publishedAt": "2026-03-01T09:05:00Z",
    "createdAt": "2026-03-01T09:00:00Z",
}

WORKFLOW: dict[str, Any] = {**SUMMARY, "versionNumber": 1, "definition": DEFINITION}
DRAFT: dict[str, Any] = {**WORKFLOW, "status": "DRAFT", "publishedVersion": None}
VERSION: dict[str, Any] = {**VERSION_SUMMARY, "definition": DEFINITION}
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
