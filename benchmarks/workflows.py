"""The measured workflows."""

from typing import Any

from benchmarks.actions import STEPS, f10

SIGNAL = "go"
"""What executions of ``WAITING`` wait for."""


def _actions_in_a_row(workflow_id: str, steps: int, **fields: Any) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = [
        {"id": f"s{number}", "type": "action", "action": "bench.noop", "next": f"s{number + 1}", **fields}
        for number in range(1, steps + 1)
    ]
    del nodes[-1]["next"]
    return {"id": workflow_id, "nodes": nodes}


W1 = _actions_in_a_row("w1", 1)
W10 = _actions_in_a_row("w10", STEPS)
DOCUMENT = {"action": "echo", "input": {"text": "1234567890" * 100}}
"""A step that is given a kilobyte and gives it back."""

D10 = _actions_in_a_row("d10", STEPS, **DOCUMENT)
ENCRYPT = {"settings": {"encrypt": True}}
E10 = _actions_in_a_row("e10", STEPS) | ENCRYPT
ED10 = _actions_in_a_row("ed10", STEPS, **DOCUMENT) | ENCRYPT
ENCRYPTED = frozenset({"e10", "ed10"})
"""Whose executions are encrypted."""
R10 = {"id": "r10", "nodes": [{**node, "queue": "bench"} for node in W10["nodes"]]}
"""The same by remote workers."""
TIMER: dict[str, Any] = {"id": "timer", "nodes": [{"id": "until", "type": "wait", "until": "${ input.due }"}]}
WAITING: dict[str, Any] = {"id": "waiting", "nodes": [{"id": "wait", "type": "wait", "event": SIGNAL}]}
TASK: dict[str, Any] = {"id": "task", "nodes": [{"id": "decide", "type": "human-task"}]}
LOOP: dict[str, Any] = {
    "id": "loop",
    "nodes": [
        {"id": "each", "type": "loop", "forEach": "${input.items}", "do": "call", "concurrency": 1_000},
        {"id": "call", "type": "action", "action": "bench.noop"},
    ],
}
SLOW_CALL: dict[str, Any] = {
    "id": "slow-call",
    "nodes": [{"id": "call", "type": "http", "url": "/slow", "connection": "bench"}],
}
"""A step that waits a second for another system's answer."""
F10 = f10.definition()
ALL = (W1, W10, E10, D10, ED10, F10, TIMER, WAITING, TASK, LOOP, SLOW_CALL)
