"""What differs between two definitions."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.language.diff import (
    Change,
    DefinitionDiff,
    FieldChange,
    NodeChange,
    Renaming,
    diff_definitions,
)

ORDER: dict[str, Any] = {
    "id": "order",
    "version": "1.0.0",
    "nodes": [
        {"id": "start", "type": "start", "next": ["pay", "pack"]},
        {"id": "pay", "type": "action", "action": "charge", "retry": {"maxAttempts": 3}, "input": {"sum": 1}},
        {"id": "pack", "type": "action", "action": "pack", "ui": {"x": 1}},
    ],
    "settings": {"timeout": "1h"},
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b/c", "~"]), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.dictionaries(st.sampled_from(["input", "retry", "when"]), VALUES, max_size=2)
TARGETS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1)
NODES = st.builds(
    lambda fields, next, type: {**fields, "type": type, "next": next},
    FIELDS,
    TARGETS | TARGETS.map(lambda ids: ids[0]),
    st.sampled_from(["action", "set"]),
)
DEFINITIONS = st.builds(
    lambda nodes, settings, others: {
        "id": "w",
        **others,
        "nodes": [{"id": id, **node} for id, node in nodes],
        "settings": settings,
    },
    st.dictionaries(st.sampled_from("abcde"), NODES, min_size=1).map(dict.items).map(list).flatmap(st.permutations),
    FIELDS,
    st.dictionaries(st.sampled_from(["name", "input"]), VALUES),
)


def changed(path: tuple[str | int, ...], value: Any, definition: dict[str, Any] = ORDER) -> dict[str, Any]:
    """The definition with another value at a place."""
    new = deepcopy(definition)
    place: Any = new
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return new


def reversed_diff(diff: DefinitionDiff) -> DefinitionDiff:
    """What should differ the other way round."""
    opposite: dict[Change, Change] = {"added": "removed", "removed": "added", "changed": "changed"}

    def turned(changes: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
        return tuple(FieldChange(each.path, opposite[each.change], each.after, each.before) for each in changes)

    nodes = type(diff.nodes)(
        added=diff.nodes.removed,
        removed=diff.nodes.added,
        renamed=tuple(sorted((Renaming(each.after, each.before) for each in diff.nodes.renamed), key=str)),
        changed=tuple(NodeChange(each.id, turned(each.fields)) for each in diff.nodes.changed),
    )
    return DefinitionDiff(nodes, turned(diff.settings), turned(diff.other))


def applied(changes: tuple[FieldChange, ...], value: Any) -> Any:
    """A value after its changes."""
    for change in changes:
        if change.path == "":
            return change.after
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in change.path[1:].split("/"))
        place = value
        for part in way:
            place = place[int(part) if isinstance(place, list) else part]
        if change.change == "removed":
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = change.after
    return value


def nodes_by_id(definition: dict[str, Any]) -> dict[str, Any]:
    """Nodes with their targets in one order and one form."""
    nodes = {node["id"]: dict(node) for node in definition["nodes"]}
    for node in nodes.values():
        targets = [node["next"]] if isinstance(node["next"], str) else sorted(node["next"])
        node["next"] = targets[0] if len(targets) == 1 else targets
    return nodes


def test_what_changed_is_told_place_by_place() -> None:
    after = changed(("nodes", 1, "retry", "maxAttempts"), 5)
    after["nodes"][1]["input"] = {"total": 1}
    after["settings"]["timeout"] = "2h"
    after["version"] = "2.0.0"
    diff = diff_definitions(ORDER, after)
    [pay] = diff.nodes.changed
    assert pay.id == "pay"
    assert pay.fields == (
        FieldChange("/input/sum", "removed", 1, None),
        FieldChange("/input/total", "added", None, 1),
        FieldChange("/retry/maxAttempts", "changed", 3, 5),
    )
    assert diff.settings == (FieldChange("/timeout", "changed", "1h", "2h"),)
    assert diff.other == (FieldChange("/version", "changed", "1.0.0", "2.0.0"),)


@pytest.mark.parametrize(
    "same",
    [
        changed(("nodes",), list(reversed(ORDER["nodes"]))),
        changed(("nodes", 0, "next"), ["pack", "pay"]),
        changed(("nodes", 2, "ui"), {"x": 2}),
        changed(("ui",), {"zoom": 2}),
    ],
)
def test_order_of_nodes_and_what_the_designer_keeps_are_no_difference(same: dict[str, Any]) -> None:
    assert diff_definitions(ORDER, same).is_empty


def test_one_target_in_a_list_is_the_same_as_the_target() -> None:
    one = changed(("nodes", 0, "next"), "pay")
    assert diff_definitions(one, changed(("nodes", 0, "next"), ["pay"])).is_empty


def test_a_node_under_another_id_is_renamed_and_one_with_other_fields_is_not() -> None:
    renamed = diff_definitions(ORDER, changed(("nodes", 2, "id"), "wrap")).nodes
    assert (renamed.renamed, renamed.added, renamed.removed) == ((Renaming("pack", "wrap"),), (), ())
    other = changed(("nodes", 2), {"id": "wrap", "type": "action", "action": "wrap"})
    replaced = diff_definitions(ORDER, other).nodes
    assert (replaced.renamed, replaced.added, replaced.removed) == ((), ("wrap",), ("pack",))


def test_which_of_two_equal_nodes_was_renamed_is_not_guessed() -> None:
    twins = changed(("nodes", 1), {**ORDER["nodes"][2], "id": "twin"})
    both = changed(("nodes", 1, "id"), "a", changed(("nodes", 2, "id"), "b", twins))
    nodes = diff_definitions(twins, both).nodes
    assert (nodes.renamed, nodes.added, nodes.removed) == ((), ("a", "b"), ("pack", "twin"))


def test_null_is_told_from_nothing_and_true_from_one() -> None:
    null = changed(("nodes", 1, "input"), None)
    nothing = deepcopy(null)
    del nothing["nodes"][1]["input"]
    assert diff_definitions(null, nothing).nodes.changed[0].fields == (FieldChange("/input", "removed", None, None),)
    one, true = changed(("nodes", 1, "input"), [1]), changed(("nodes", 1, "input"), [True])
    assert diff_definitions(one, true).nodes.changed[0].fields == (FieldChange("/input/0", "changed", 1, True),)


@settings(deadline=None, derandomize=True)
@given(DEFINITIONS, DEFINITIONS)
def test_a_difference_leads_from_one_definition_to_the_other_and_back(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert diff_definitions(a, a).is_empty
    diff = diff_definitions(a, b)
    back = diff_definitions(b, a)
    assert back == reversed_diff(diff)

    nodes, wanted = nodes_by_id(deepcopy(a)), nodes_by_id(b)
    for id in diff.nodes.removed:
        del nodes[id]
    for renaming in diff.nodes.renamed:
        nodes[renaming.after] = {**nodes.pop(renaming.before), "id": renaming.after}
    for change in diff.nodes.changed:
        nodes[change.id] = applied(change.fields, nodes[change.id])
    assert nodes == {id: node for id, node in wanted.items() if id not in diff.nodes.added}
    assert applied(diff.settings, deepcopy(a["settings"])) == b["settings"]
    rest = {name: value for name, value in deepcopy(a).items() if name not in ("nodes", "settings")}
    assert applied(diff.other, rest) == {name: value for name, value in b.items() if name not in ("nodes", "settings")}
