"""Whether what people entered in a reviewed execution is valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.language.program import ExpressionError, Kind, Node, Program
from weftline.machine.scope import ExecutionScope
from weftline.machine.state import State
from weftline.machine.step import Step
from weftline.model.status import StepStatus


def errors(program: Program, state: State, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything that is wrong, by all validators of all steps that people have completed.

    Args:
        program, state: the execution's.
        facts: values of ``execution``, ``tenant`` and ``vars`` for conditions.

    Returns:
        For each error ``stepId``, ``pointer`` (into the step's data) and ``message``; and ``scope`` where the step is
        in a branch or an iteration.
    """
    found: list[dict[str, Any]] = []
    for step in state.latest.values():
        node = program.nodes.get(step.node)
        if node is not None and node.kind is Kind.HUMAN_TASK and step.status is StepStatus.COMPLETED:
            found += step_errors(node, step, ExecutionScope(state, facts, step.scope))
    return found


def step_errors(node: Node, step: Step, scope: ExecutionScope) -> list[dict[str, Any]]:
    """What is wrong with one step's data; see :func:`errors`."""
    answer: dict[str, Any] = step.output or {}
    data = answer.get("data", {})
    found: list[tuple[str, str]] = [] if node.schema is None else list(node.schema.errors(data))
    visible = scope.with_names({"result": data})
    for rule in node.validators:
        pointer = "" if rule.field is None else f"/{rule.field}"
        try:
            if rule.condition.evaluate(visible) is not True:
                found.append((pointer, rule.message))
        except ExpressionError as failure:
            found.append((pointer, f"{rule.message} ({failure.message})"))
    place = {"stepId": step.node} if not step.scope else {"stepId": step.node, "scope": step.scope}
    return [{**place, "pointer": pointer, "message": message} for pointer, message in found]
