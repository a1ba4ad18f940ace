"""Everything that is wrong with a definition, found before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from weftline.language.control_nodes import WaitNode
from weftline.language.errors import Problem
from weftline.language.expression_checks import check_node_expressions, check_settings_expressions, check_template
from weftline.language.graph import Graph, node_type, read_graph
from weftline.language.graph_checks import check_graph
from weftline.language.integration_triggers import Offers
from weftline.language.json_values import find_flaw, pointer
from weftline.language.model import Workflow
from weftline.language.node_checks import Surroundings, check_node
from weftline.language.nodes import NODE_TYPES
from weftline.language.plugin_nodes import at_authors_nodes, is_of_plugin, with_core_nodes
from weftline.language.problems import Problems
from weftline.language.race_checks import check_races
from weftline.language.settings_checks import check_settings
from weftline.language.shape import read_nodes, read_workflow
from weftline.language.task_checks import check_schema
from weftline.language.trigger_checks import check_triggers


@dataclass(frozen=True, slots=True)
class Validation:
    """What became of a document.

    Attributes:
        workflow: the definition, where nothing is wrong with it.
        problems: at most a hundred, and one more that counts the rest.
    """

    workflow: Workflow | None
    problems: list[Problem]


def with_more(document: Mapping[str, Any], problems: Sequence[Problem], validation: Validation) -> Validation:
    """What became of a document, with what its expansion has found; each told once.

    Args:
        document: what :func:`~weftline.language.plugin_nodes.expand` made of it.
        problems: what it has found.
        validation: of that document.
    """
    told = {(each.pointer, each.code) for each in problems}
    nodes = document.get("nodes")
    for index, node in enumerate(cast("list[object]", nodes) if isinstance(nodes, list) else []):
        if is_of_plugin(node):
            # whether there is such a type, the expansion says
            told.add((pointer(("nodes", index, "type")), "unknown_type"))
    together = [*problems, *(each for each in validation.problems if (each.pointer, each.code) not in told)]
    return Validation(None if together else validation.workflow, together)


def validate(
    document: Mapping[str, Any], actions: Collection[str] | None = None, offers: Offers | None = None
) -> Validation:
    """Checks ``document`` as a whole: shape, graph, expressions, actions, and what this version can run.

    Parameters:
        document: plain JSON values, as :func:`weftline.language.parse.parse_definition` returns them.
        actions: the names of the registered actions; None: any action may be named.
        offers: the triggers of integrations; None: any may be named.
    """
    problems = Problems()
    flaw = find_flaw(dict(document))
    if flaw is not None:
        problems.add(flaw.code, pointer(flaw.path), flaw.message)
        return Validation(None, problems.listed())
    written, document = document, with_core_nodes(document)
    nodes = read_nodes(document, problems)
    if nodes is None:
        return Validation(None, problems.listed())
    workflow = read_workflow(document, nodes, problems)
    graph = read_graph(document)
    check_graph(graph, document.get("startNode"), problems)
    around = Surroundings(document.get("id"), graph.nodes, actions)
    placed = {pointer(("nodes", index)): node for index, node in enumerate(nodes) if node is not None}
    for place, node in placed.items():
        check_node(node, place, around, problems)
    waits = {place: node for place, node in placed.items() if isinstance(node, WaitNode)}
    check_races(waits, graph.nodes, problems)
    _check_expressions(document, graph, problems)
    if workflow is not None:
        check_settings(workflow, problems)
        check_triggers(workflow, problems, offers)
    if isinstance(document.get("input"), dict):
        check_schema(document["input"], "/input", problems)
    return Validation(None if problems else workflow, at_authors_nodes(written, problems.listed()))


def _check_expressions(document: Mapping[str, Any], graph: Graph, problems: Problems) -> None:
    raw = document.get("nodes")
    for index, node in enumerate(cast("list[object]", raw) if isinstance(raw, list) else []):
        fields = cast("dict[str, Any]", node) if isinstance(node, dict) else {}
        if node_type(fields) in NODE_TYPES:
            check_node_expressions(fields, ("nodes", index), graph.nodes, problems)
    check_template(document.get("output"), ("output",), graph.nodes, problems)
    check_settings_expressions(document.get("settings"), graph.nodes, problems)
