"""The node types of a definition: a class a type. Their docstrings become the schema and the reference."""

from __future__ import annotations

from typing import TypeAlias, cast

from weftline.language.control_nodes import (
    DecisionNode,
    EndNode,
    FailNode,
    LoopNode,
    ParallelNode,
    StartNode,
    SubworkflowNode,
    WaitNode,
)
from weftline.language.task_nodes import HumanTaskNode
from weftline.language.work_nodes import ActionNode, EmitNode, HttpNode, NotificationNode, SetNode

AnyNode: TypeAlias = (
    StartNode
    | EndNode
    | ActionNode
    | HttpNode
    | DecisionNode
    | WaitNode
    | HumanTaskNode
    | ParallelNode
    | SetNode
    | LoopNode
    | SubworkflowNode
    | EmitNode
    | NotificationNode
    | FailNode
)

NODE_CLASSES: tuple[type[AnyNode], ...] = (
    StartNode,
    EndNode,
    ActionNode,
    HttpNode,
    DecisionNode,
    WaitNode,
    HumanTaskNode,
    ParallelNode,
    SetNode,
    LoopNode,
    SubworkflowNode,
    EmitNode,
    NotificationNode,
    FailNode,
)


def type_names(node_class: type[AnyNode]) -> tuple[str, ...]:
    """The values of ``type`` that stand for ``node_class``: its name and then its aliases."""
    annotation = node_class.model_fields["type"].annotation
    return cast("tuple[str, ...]", getattr(annotation, "__args__", ()))


NODE_TYPES: dict[str, type[AnyNode]] = {name: cls for cls in NODE_CLASSES for name in type_names(cls)}
"""Every value of ``type``, aliases included, and its class."""
