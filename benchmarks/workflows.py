"""The measured workflows."""

from typing import Any

SIGNAL = "go"
"""What executions of ``WAITING`` wait for."""

STEPS = 10
"""Actions of one execution of ``W10``."""


def _actions_in_a_row(workflow_id: str, steps: int) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = [
        {"id": f"s{number}", "type": "action", "action": "bench.noop", "next": f"s{number + 1}"}
        for number in range(1, steps + 1)
    ]
    del nodes[-1]["next"]
    return {"id": workflow_id, "nodes": nodes}


W1 = _actions_in_a_row("w1", 1)
W10 = _actions_in_a_row("w10", STEPS)
TIMER: dict[str, Any] = {"id": "timer", "nodes": [{"id": "until", "type": "wait", "until": "${ input.due }"}]}
WAITING: dict[str, Any] = {"id": "waiting", "nodes": [{"id": "wait", "type": "wait", "event": SIGNAL}]}
ALL = (W1, W10, TIMER, WAITING)
