"""Schemas become JSON Schema 2020-12, whatever they are like."""

from __future__ import annotations

import time
from typing import Any

import jsonschema_rs
import pytest
from tests.unit.openapi.documents import converted, left_out, operation, schema_of


def compiled(schema: Any) -> Any:
    return jsonschema_rs.validator_for(schema, offline=True, pattern_options=jsonschema_rs.RegexOptions())


def test_nullable_becomes_a_type() -> None:
    assert schema_of({"type": "string", "nullable": True})["type"] == ["string", "null"]
    assert schema_of({"type": "string", "nullable": True, "enum": ["a"]})["enum"] == ["a", None]


def test_a_nullable_reference_takes_null_too() -> None:
    schema = schema_of(
        {"type": "object", "properties": {"owner": {"$ref": "#/components/schemas/Owner", "nullable": True}}},
        components={"schemas": {"Owner": {"type": "object"}}},
    )
    check = compiled(schema)
    assert check.is_valid({"owner": None})
    assert check.is_valid({"owner": {}})
    assert not check.is_valid({"owner": 1})


def test_exclusive_flags_become_bounds() -> None:
    schema = schema_of(
        {"type": "number", "minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": False}
    )
    assert schema == {"type": "number", "exclusiveMinimum": 1, "maximum": 5}


def test_recursive_schemas_stay_recursive() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "value": {"type": "integer"}},
    }
    check = compiled(schema_of({"$ref": "#/components/schemas/Node"}, components={"schemas": {"Node": node}}))
    assert check.is_valid({"next": {"next": {"value": 1}}})
    assert not check.is_valid({"next": {"next": {"value": "x"}}})


def test_what_many_refer_to_is_translated_once() -> None:
    shared = {"Money": {"type": "object", "properties": {"amount": {"type": "number"}}}}
    body = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Money"}}}}}
    found = converted({f"/p{n}": {"post": operation(**body)} for n in range(50)}, components={"schemas": shared})
    assert list(found.schemas) == ["Money"]
    assert all(each.input["properties"]["body"] == {"$ref": "#/$defs/Money"} for each in found.actions)


def test_two_schemas_of_one_name_are_told_apart() -> None:
    schema = {"anyOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/responses/A"}]}
    found = schema_of(
        schema, components={"schemas": {"A": {"type": "string"}}, "responses": {"A": {"type": "integer"}}}
    )
    assert found["$defs"] == {"A": {"type": "string"}, "A2": {"type": "integer"}}


@pytest.mark.parametrize(
    "ref",
    ["other.yaml#/Pet", "https://example.com/pet.json", "#/components/schemas/Nowhere", "#/info/title", "#anchor"],
)
def test_references_that_lead_nowhere_take_any_value_and_are_named(ref: str) -> None:
    given = operation(requestBody={"content": {"application/json": {"schema": {"$ref": ref}}}})
    found = converted({"/pets": {"post": given}})
    assert found.actions[0].input["properties"]["body"] is True
    place = "/paths/~1pets/post/requestBody/content/application~1json/schema"
    assert ref in left_out(found)[place]


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
        {
            "A": {"anyOf": [{"not": {"$ref": "#/components/schemas/B"}}]},
            "B": {"oneOf": [{"$ref": "#/components/schemas/A"}]},
        },
    ],
)
def test_circles_that_go_into_no_value_are_cut(schemas: dict[str, Any]) -> None:
    given = operation(requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}})
    found = converted({"/pets": {"post": given}}, components={"schemas": schemas})
    assert any("leads back to itself" in each.why for each in found.left_out)
    compiled(found.whole(found.actions[0].input)).is_valid({"body": {}})


def test_schemas_that_double_at_each_step_are_cut() -> None:
    ref = "#/components/schemas/S"
    schemas: dict[str, Any] = {f"S{n}": {"anyOf": [{"$ref": f"{ref}{n + 1}"}] * 2} for n in range(60)}
    schemas["S60"] = {"type": "integer"}
    check = compiled(schema_of({"$ref": f"{ref}0"}, components={"schemas": schemas}))
    began = time.perf_counter()
    check.is_valid("x")
    assert time.perf_counter() - began < 1


def test_long_rows_of_references_are_cut() -> None:
    ref = "#/components/schemas/S"
    schemas: dict[str, Any] = {f"S{n}": {"allOf": [{"$ref": f"{ref}{n + 1}"}]} for n in range(20_000)}
    schemas["S20000"] = {"type": "integer"}
    given = operation(requestBody={"content": {"application/json": {"schema": {"$ref": f"{ref}0"}}}})
    found = converted({"/pets": {"post": given}}, components={"schemas": schemas})
    assert any("too many schemas" in each.why for each in found.left_out)
    compiled(found.whole(found.actions[0].input, 30_000)).is_valid({"body": 1})


def test_a_discriminator_with_a_mapping_ties_its_values_to_their_branches() -> None:
    schemas = {
        "Cat": {"type": "object", "properties": {"lives": {"type": "integer"}}},
        "Dog": {"type": "object", "properties": {"lives": {"type": "string"}}},
    }
    schema = {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "Dog"}},
    }
    check = compiled(schema_of(schema, components={"schemas": schemas}))
    assert check.is_valid({"kind": "cat", "lives": 9})
    assert not check.is_valid({"kind": "dog", "lives": 9})


def test_overlapping_branches_are_no_error() -> None:
    check = compiled(schema_of({"oneOf": [{"type": "integer"}, {"type": "number"}]}))
    assert check.is_valid(1)


def test_what_goes_in_one_direction_only_is_not_required() -> None:
    schema = schema_of(
        {
            "type": "object",
            "required": ["id", "name", "ref"],
            "properties": {
                "id": {"type": "integer", "readOnly": True},
                "name": {"type": "string"},
                "ref": {"$ref": "#/components/schemas/Ref"},
            },
        },
        components={"schemas": {"Ref": {"type": "string", "readOnly": True}}},
    )
    assert schema["required"] == ["name"]


def test_patterns_that_cannot_be_checked_in_bounded_time_are_left_out() -> None:
    given = operation(
        parameters=[{"name": "q", "in": "query", "schema": {"type": "string", "pattern": "^(?!a)(b)\\1$"}}]
    )
    found = converted({"/pets": {"get": given}})
    assert found.actions[0].input["properties"]["q"] == {"type": "string"}
    assert "look around" in left_out(found)["/paths/~1pets/get/parameters/0/schema/pattern"]


def test_enumerations_of_unquoted_yaml_become_texts() -> None:
    assert schema_of({"type": "string", "enum": [1, 2.5, True]})["enum"] == ["1", "2.5", "true"]


def test_huge_enumerations_are_left_out() -> None:
    given = operation(
        parameters=[{"name": "q", "in": "query", "schema": {"type": "integer", "enum": list(range(100_000))}}]
    )
    found = converted({"/pets": {"get": given}})
    assert "too long" in left_out(found)["/paths/~1pets/get/parameters/0/schema/enum"]
    assert "enum" not in found.actions[0].input["properties"]["q"]


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "strin"},
        {"type": ["string", 4]},
        {"type": {}},
        {"properties": ["a"]},
        {"required": True, "properties": {"a": {"type": "string", "required": True}}},
        {"required": ["a", 1, None, ["b"]]},
        {"items": "string"},
        {"items": [{"type": "string"}, 4]},
        {"enum": "a"},
        {"enum": []},
        {"minimum": "1", "maxLength": -3, "minItems": 1.5, "multipleOf": 0},
        {"pattern": "("},
        {"patternProperties": {"(": {}, "^a": {"type": "string"}}},
        {"additionalProperties": "yes"},
        {"allOf": {}, "anyOf": [], "oneOf": ["a"]},
        {"not": []},
        {"$ref": 4},
        {"default": {"a": [[[[[[[[[[[[[1]]]]]]]]]]]]]}},
        {"properties": {"$ref": {"type": "string"}, "__proto__": {"type": "integer"}, "constructor": None}},
        {"discriminator": "kind", "oneOf": [{"type": "object"}]},
        None,
        4,
        "string",
        [],
    ],
)
def test_broken_schemas_can_be_compiled_all_the_same(broken: Any) -> None:
    compiled(schema_of(broken)).is_valid({"a": 1})


def test_the_order_of_properties_is_kept() -> None:
    names = ["zebra", "apple", "mango", "banana"]
    schema = schema_of({"type": "object", "properties": {name: {"type": "string"} for name in names}})
    assert list(schema["properties"]) == names


def test_deep_schemas_end_in_any_value() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(90):
        schema = {"type": "array", "items": schema}
    given = operation(requestBody={"content": {"application/json": {"schema": schema}}})
    found = converted({"/pets": {"post": given}})
    assert any("nested too deep" in each.why for each in found.left_out)
    compiled(found.whole(found.actions[0].input))
