"""Definitions that the tests of the test kit run."""

from __future__ import annotations

from typing import Any


def definition(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": "story", "nodes": list(nodes), **fields}


def call(id: str, next: str | None = None, **fields: Any) -> dict[str, Any]:
    """An action node that calls the action of its own name."""
    node = {"id": id, "type": "action", "action": id, **fields}
    return node if next is None else {**node, "next": next}


def approval(id: str = "approve", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "approval", "assignTo": "lead", **fields}


SAGA = definition(
    call("reserve", "pay", compensate="release"),
    call("pay", "ship", compensate="refund"),
    call("ship", retry=1),
    settings={"errorHandling": {"strategy": "compensate"}},
)

REMINDERS = definition(
    {
        "id": "confirm",
        "type": "wait",
        "event": "confirmed",
        "correlation": "${ input.order }",
        "timeout": {"duration": "1d", "next": "remind"},
        "next": "ship",
    },
    call("remind", "confirm"),
    call("ship"),
    startNode="confirm",
)
