from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from weftline.language.catalogue import NodeType, TriggerType, node_types, trigger_types
from weftline.language.model import definition_schema
from weftline.language.nodes import NODE_TYPES
from weftline.language.trigger_rules import NAMES


def test_every_value_of_type_is_that_of_one_kind_of_node() -> None:
    assert sorted(name for each in node_types() for name in (each.type, *each.aliases)) == sorted(NODE_TYPES)


@pytest.mark.parametrize("kind", node_types(), ids=lambda kind: kind.type)
def test_a_node_types_schema_stands_by_itself_and_accepts_its_example(kind: NodeType) -> None:
    jsonschema_rs.meta.validate(kind.schema)
    validator = jsonschema_rs.validator_for(kind.schema)
    assert validator.is_valid(kind.example)
    assert not validator.is_valid({**kind.example, "colour": "red"})


@pytest.mark.parametrize("kind", node_types(), ids=lambda kind: kind.type)
def test_a_node_type_is_described_in_a_sentence(kind: NodeType) -> None:
    assert kind.description.endswith(".")
    assert len(kind.description) < 130
    assert kind.title


def test_a_node_types_schema_is_that_of_definitions() -> None:
    definitions: dict[str, Any] = definition_schema()["$defs"]
    (action,) = (each for each in node_types() if each.type == "action")
    assert action.schema["properties"] == definitions["ActionNode"]["properties"]
    assert action.schema["$defs"]["Retry"] == definitions["Retry"]


@pytest.mark.parametrize("kind", trigger_types(), ids=lambda kind: kind.type)
def test_a_trigger_types_schema_stands_by_itself_and_accepts_its_example(kind: TriggerType) -> None:
    jsonschema_rs.meta.validate(kind.schema)
    validator = jsonschema_rs.validator_for(kind.schema)
    assert validator.is_valid(kind.example)
    assert not validator.is_valid({**kind.example, "type": "other"})


def test_a_trigger_type_has_the_fields_that_are_for_it() -> None:
    fields = {each.type: set(each.schema["properties"]) for each in trigger_types()}
    assert {"cron", "every", "overlap"} <= fields["schedule"]
    assert "cron" not in fields["webhook"]
    assert {"signature", "condition"} <= fields["webhook"]
    assert fields["event"] >= {"event", "condition", "integrationId"}
    assert "signature" not in fields["event"]


def test_what_is_run_are_the_triggers_that_can_fire() -> None:
    assert {each.type for each in trigger_types() if each.is_run} == set(NAMES)
