"""Whether a plugin's type of node can be one."""

from __future__ import annotations

from weftline.authoring.plugin import NodeType
from weftline.language.plugin_nodes import COMMON_FIELDS, RESERVED_FIELDS
from weftline.plugins.panels import check_schema, check_text


def check_node_type(node_type: NodeType) -> None:
    """See that a type of node can be one.

    Raises:
        ValueError: it cannot; says why.
    """
    where = f"node type '{node_type.name}'"
    check_text(node_type.title, where)
    if node_type.description:
        check_text(node_type.description, where)
    check_schema(node_type.schema, where)
    taken = sorted((COMMON_FIELDS | RESERVED_FIELDS) & set(node_type.schema.get("properties", {})))
    if taken:
        raise ValueError(f"{where}: every node has '{taken[0]}'; its schema is of what only this one has")
