"""Types of nodes that plugins add, in definitions.

An author writes a node of the plugin's type. Where it is stored, it gets an ``expansion``: the fields of the core node
that takes its place. From then on the definition says by itself what runs, whatever becomes of the plugin::

    {"id": "open-access", "type": "market-roles.kong-access", "consumer": "${ data.customer }", "next": "tell",
     "expansion": {"type": "action", "action": "kong.create-consumer", "input": {"username": "${ data.customer }"}}}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from weftline.authoring.plugin import NodeType
from weftline.authoring.plugin.registry import plugin_node_types, step_validators
from weftline.authoring.schema_check import named_checks
from weftline.language.errors import Problem
from weftline.language.json_schema import CompiledSchema
from weftline.language.json_values import find_flaw, pointer
from weftline.language.node_base import FlowNode
from weftline.language.nodes import NODE_TYPES
from weftline.language.problems import Problems
from weftline.language.validators import check_named_checks, has_to_run, hint_for

EXPANSION = "expansion"
RESERVED_FIELDS = frozenset({"type", EXPANSION})
COMMON_FIELDS = frozenset(field.alias or name for name, field in FlowNode.model_fields.items()) | {"retry", "timeout"}
"""What a node of a plugin's type has besides what the plugin says, and what is carried over."""


@dataclass(frozen=True, slots=True)
class PluginParts:
    """What of plugins a definition may use.

    Attributes:
        node_types: by name.
        validators: names of checks.
        absent: what there is to do about a plugin that is not there, by its id.
    """

    node_types: Mapping[str, NodeType]
    validators: Collection[str]
    absent: Callable[[str], str] = has_to_run


def parts_here(absent: Callable[[str], str] = has_to_run) -> PluginParts:
    """What of plugins there is in this process, whoever may use it.

    Args:
        absent: what there is to do about a plugin that is not there, by its id.
    """
    return PluginParts({each.name: each for each in plugin_node_types}, step_validators.names(), absent)


def is_of_plugin(node: object) -> bool:
    """Whether a node is of a plugin's type."""
    if not isinstance(node, Mapping):
        return False
    its = cast("Mapping[str, object]", node).get("type")
    return isinstance(its, str) and "." in its


def uses_plugins(document: Mapping[str, Any]) -> bool:
    """Whether a definition uses something of plugins: then :func:`expand` has something to do."""
    nodes = [node for _, node in _maps(document.get("nodes"))]
    schemas = [document.get("input"), *(node.get("form") for node in nodes)]
    return any(map(is_of_plugin, nodes)) or any(True for schema in schemas for _ in named_checks(schema))


def expand(document: Mapping[str, Any], parts: PluginParts) -> tuple[dict[str, Any], list[Problem]]:
    """A definition as it is stored: each node of a plugin's type has its expansion.

    Args:
        document: the author's; not changed.
        parts: what of plugins there is for the author.

    Returns:
        The definition, and what is wrong with what it uses of plugins. A node with which something is wrong has no
        expansion.
    """
    problems = Problems()
    nodes = document.get("nodes")
    if isinstance(nodes, list):
        made: list[object] = [
            _expanded(cast("Mapping[str, Any]", node), index, parts, problems) if is_of_plugin(node) else node
            for index, node in enumerate(cast("list[object]", nodes))
        ]
        document = {**document, "nodes": made}
        for index, node in _maps(made):
            place = pointer(("nodes", index, "form"))
            check_named_checks(node.get("form"), place, parts.validators, problems, parts.absent)
    check_named_checks(document.get("input"), "/input", parts.validators, problems, parts.absent)
    return dict(document), problems.listed()


def with_core_nodes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition with core nodes in the place of those that have an expansion."""
    nodes = document.get("nodes")
    if not isinstance(nodes, list) or not any(is_of_plugin(node) for node in cast("list[object]", nodes)):
        return document
    return {**document, "nodes": [_core(node) for node in cast("list[object]", nodes)]}


def at_authors_nodes(document: Mapping[str, Any], problems: list[Problem]) -> list[Problem]:
    """Problems of :func:`with_core_nodes`' definition, at the places of the one that the author wrote."""
    expanded = {
        pointer(("nodes", index)): node["type"]
        for index, node in _maps(document.get("nodes"))
        if is_of_plugin(node) and EXPANSION in node
    }
    return [_at_authors_node(problem, expanded) for problem in problems] if expanded else problems


def _at_authors_node(problem: Problem, expanded: Mapping[str, str]) -> Problem:
    _, _, rest = problem.pointer.partition("/nodes/")
    index, _, below = rest.partition("/")
    place = f"/nodes/{index}"
    field = below.partition("/")[0]
    if not problem.pointer.startswith("/nodes/") or place not in expanded or field in COMMON_FIELDS:
        return problem
    message = f"what `{expanded[place]}` becomes is not valid: {problem.message}"
    return replace(problem, pointer=place, message=message)


def _core(node: object) -> object:
    if not is_of_plugin(node):
        return node
    fields = cast("Mapping[str, Any]", node)
    expansion = fields.get(EXPANSION)
    if not isinstance(expansion, Mapping):
        return node
    common = {name: value for name, value in fields.items() if name in COMMON_FIELDS}
    return {**cast("Mapping[str, Any]", expansion), **common}


def _expanded(node: Mapping[str, Any], index: int, parts: PluginParts, problems: Problems) -> dict[str, Any]:
    written = {name: value for name, value in node.items() if name != EXPANSION}
    name, place = written["type"], pointer(("nodes", index))
    node_type = parts.node_types.get(name)
    if node_type is None:
        hint = hint_for(name, {*parts.node_types, *NODE_TYPES}, parts.absent)
        problems.add("unknown_type", f"{place}/type", f"there is no type of node `{name}` here", hint)
        return written
    own = {each: value for each, value in written.items() if each not in COMMON_FIELDS and each != "type"}
    errors = CompiledSchema(dict(node_type.schema)).errors(own)
    for where, message in errors:
        problems.add("schema_mismatch", f"{place}{where}", message)
    if errors:
        return written
    try:
        expansion = dict(node_type.expand({**written}))
    except Exception as error:
        # a fault of the plugin's, or something that its schema cannot say
        problems.add("expansion_failed", place, f"`{name}` cannot make a node of it: {type(error).__name__}: {error}")
        return written
    fault = _fault(expansion)
    if fault is not None:
        problems.add("expansion_failed", place, f"`{name}` makes no valid node of it: {fault}")
        return written
    return {**written, EXPANSION: expansion}


def _fault(expansion: Mapping[str, Any]) -> str | None:
    if expansion.get("type") not in NODE_TYPES:
        return f"its type `{expansion.get('type')}` is no core node's"
    if "id" in expansion:
        return "it has an id, which is the author's to give"
    flaw = find_flaw(dict(expansion))
    return None if flaw is None else flaw.message


def _maps(nodes: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for index, node in enumerate(cast("list[object]", nodes) if isinstance(nodes, list) else ()):
        if isinstance(node, Mapping):
            yield index, cast("Mapping[str, Any]", node)
