"""Whatever a document holds, it is converted or refused with a reason, and soon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.language.dialects.test_reading import EXAMPLES

from weftline.language import DefinitionError
from weftline.language.dialects import NotConvertible, UnknownDialect, dialects, read_document

VALUES = st.sampled_from([None, True, 0, -1, 1e300, 2**63 - 1, "", "a", "${", "${x}", "a.b", [], [[]], {}, [None]]) | (
    st.sampled_from(["id", "config", "next_steps", "model_config", "__class__", "ui", "type"]).map(
        lambda name: {name: 1}
    )
)
NAMES = st.sampled_from(["ui", "next_node_id", "model_fields", "__dict__", "config", "~/", ""])


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value."""
    if path:
        yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


@st.composite
def damaged(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """The guide's example of a dialect with up to three places changed."""
    document = deepcopy(EXAMPLES[name])
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(document))))
        parent: Any = document
        for part in path:
            parent = parent[part]
        match draw(st.sampled_from(["replace", "remove", "add", "double"])):
            case "replace":
                parent[last] = deepcopy(draw(VALUES))
            case "remove":
                del parent[last]
            case "double" if isinstance(parent, list):
                parent.append(deepcopy(parent[last]))
            case _ if isinstance(parent, dict):
                parent[draw(NAMES)] = deepcopy(draw(VALUES))
            case _:
                parent.append(deepcopy(draw(VALUES)))
    return document


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_a_damaged_document_is_converted_or_refused(name: str, data: st.DataObject):
    document = data.draw(damaged(name))
    before = json.dumps(document)
    try:
        definition = read_document(document, name, partial=True).definition
    except (DefinitionError, NotConvertible, UnknownDialect):
        return
    finally:
        assert json.dumps(document) == before
    for dialect in dialects().values():
        json.dumps(dialect.write(definition).document)


def test_ids_that_are_alike_by_the_thousand_are_told_apart():
    ids = [f"{number:012b}".translate({48: "é", 49: "è"}) for number in range(3_000)]
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start", "nextNodeId": ids[0]}]
    for id_, following in pairwise([*ids, "end"]):
        nodes.append({"id": id_, "type": "wait", "config": {"delay": 1}, "nextNodeId": following})
    nodes.append({"id": "end", "type": "end"})
    reading = read_document({"id": "alike", "name": "Alike", "nodes": nodes}, "nodes")
    assert len({node["id"] for node in reading.definition["nodes"]}) == len(nodes)
    assert [note.message for note in reading.notes[-1:]] == ["and 2,800 more"]
    written = dialects()["nodes"].write(reading.definition).document
    assert [node["id"] for node in written["nodes"]] == [node["id"] for node in nodes]


def test_unknown_fields_by_the_thousand_are_counted():
    document = deepcopy(EXAMPLES["designer"])
    document["steps"][0] |= {f"field{n}": n for n in range(50_000)}
    with pytest.raises(NotConvertible) as raised:
        read_document(document)
    assert [note.message for note in raised.value.notes[-2:]] == ["is not known in this place", "and 49,800 more"]
