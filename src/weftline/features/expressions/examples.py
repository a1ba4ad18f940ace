"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

DEFINITION: dict[str, Any] = {
    "id": "greeting",
    "input": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "nodes": [
        {"id": "start", "type": "start", "next": "greet"},
        {"id": "greet", "type": "action", "action": "echo", "when": ""},
    ],
}
PLACE: dict[str, Any] = {"definition": DEFINITION, "pointer": "/nodes/1/when"}
NAME: dict[str, Any] = {
    "name": "name",
    "type": "string",
    "description": "",
    "isCertain": True,
    "isSecret": False,
    "members": [],
    "items": None,
}
SCOPE: dict[str, Any] = {
    "syntax": "expression",
    "names": [NAME],
    "functions": [
        {
            "name": "startsWith",
            "kind": "method",
            "signature": "string.startsWith(string) -> bool",
            "description": "Whether it begins with a text.",
            "example": "'order'.startsWith('or')",
        }
    ],
}
EXPRESSION: dict[str, Any] = {**PLACE, "expression": "nmae.startsWith('A')"}
CHECKED: dict[str, Any] = {
    "valid": True,
    "problems": [
        {
            "severity": "warning",
            "code": "unknown_name",
            "message": "nothing before this place is known to set `nmae`",
            "hint": "did you mean `name`?",
            "line": 1,
            "column": 1,
        }
    ],
    "type": "bool",
}
