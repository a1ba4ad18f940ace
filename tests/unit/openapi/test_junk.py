"""Whatever a document holds, it is converted, and what comes out can be used."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema_rs
import orjson
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weftline.authoring.integrations.integration import ACTION_NAME, NAME
from weftline.openapi import ConvertedIntegration, DocumentError, convert, read_document

WORDS = st.sampled_from(
    [
        "$ref", "type", "properties", "items", "allOf", "oneOf", "anyOf", "not", "enum", "required", "nullable",
        "schema", "content", "application/json", "multipart/form-data", "get", "post", "parameters", "in", "name",
        "path", "query", "header", "requestBody", "responses", "200", "operationId", "tags", "security", "servers",
        "url", "variables", "default", "flows", "tokenUrl", "scheme", "http", "oauth2", "apiKey", "object", "string",
        "#/components/schemas/A", "#/components/schemas/B", "#/paths/~1a", "#", "__proto__", "/a/{id}", "x-y", "\0",
        "discriminator", "mapping", "pattern", "(", "exclusiveMinimum", "additionalProperties", "style", "explode",
    ]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)

PETS: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://{region}.example.com/v1", "variables": {"region": {"default": "eu"}}}],
    "tags": [{"name": "pets"}],
    "security": [{"oauth": ["read"]}, {"key": []}],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "operationId": "getPet",
                "tags": ["pets"],
                "parameters": [
                    {"name": "filter", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                    {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                    "default": {"$ref": "#/components/responses/Problem"},
                },
            },
            "put": {
                "operationId": "getPet",
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {"type": "object", "properties": {"photo": {"format": "binary"}}},
                            "encoding": {"photo": {"contentType": "image/png", "style": "form"}},
                        },
                        "application/json": {"schema": {"$ref": "#/components/schemas/B"}},
                    },
                },
                "responses": {"204": {}},
            },
        }
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}},
        "responses": {"Problem": {"content": {"application/problem+json": {"schema": {}}}}},
        "schemas": {
            "A": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1, "exclusiveMinimum": True, "readOnly": True},
                    "friends": {"type": "array", "items": {"$ref": "#/components/schemas/A"}, "nullable": True},
                    "kind": {"oneOf": [{"$ref": "#/components/schemas/B"}], "discriminator": {"propertyName": "k"}},
                },
            },
            "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"type": "object", "enum": [{}, 1, "x"]}]},
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "oauth": {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "https://id.example.com/a",
                        "tokenUrl": "/token",
                        "scopes": {"read": ""},
                    }
                },
            },
        },
    },
}

QUICKLY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(found: ConvertedIntegration) -> None:
    """What comes out can be stored, named and compiled."""
    assert NAME.fullmatch(found.name)
    names = [each.name for each in found.actions]
    assert len(set(names)) == len(names)
    assert found.auth
    for each in found.actions:
        assert ACTION_NAME.fullmatch(each.name)
        for schema in (each.input, each.output):
            whole = found.whole(schema)
            orjson.dumps(whole)
            jsonschema_rs.validator_for(whole, offline=True, pattern_options=jsonschema_rs.RegexOptions()).is_valid({})
        orjson.dumps(each.operation)
    jsonschema_rs.validator_for(found.config, offline=True)
    stored = orjson.dumps([each.to_json() for each in found.left_out])
    assert b"\\u0000" not in stored


def clean(value: Any) -> dict[str, Any]:
    """A document as it comes out of the reader."""
    return read_document(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))


def storable(value: Any) -> Any:
    """The same without numbers that JSON cannot have."""
    if isinstance(value, dict):
        return {key.encode("utf-8", "replace").decode(): storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return float(value) if isinstance(value, int) and abs(value) > 2**62 else value


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += places(child, (*path, key))
    return found


PLACES = places(PETS)


def changed(root: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put a value at a place, where that is still there."""
    for key in path[:-1]:
        try:
            root = root[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(root, dict) or (isinstance(root, list) and isinstance(path[-1], int) and path[-1] < len(root)):
        root[path[-1]] = value


@QUICKLY
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=6))
def test_a_document_with_junk_anywhere_in_it_is_converted(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    root = copy.deepcopy(PETS)
    for path, value in changes:
        changed(root, path, storable(value))
    try:
        found = convert(clean(root))
    except DocumentError:
        return
    check(found)


@QUICKLY
@given(st.dictionaries(st.sampled_from(["paths", "components", "servers", "info", "security", "tags"]), VALUES))
def test_a_document_of_nothing_but_junk_is_converted(parts: dict[str, Any]) -> None:
    check(convert(clean(storable({"openapi": "3.1.0", **parts}))))
    check(convert(clean(storable({"swagger": "2.0", **parts, "definitions": parts.get("components")}))))


@QUICKLY
@given(VALUES)
def test_schemas_of_junk_can_be_compiled(schema: Any) -> None:
    body = {"content": {"application/json": {"schema": schema}}}
    root = {
        "openapi": "3.0.0",
        "paths": {"/a": {"post": {"requestBody": body, "responses": {"200": body}}}},
        "components": {"schemas": {"A": schema, "B": {"$ref": "#/components/schemas/A"}}},
    }
    check(convert(clean(storable(root))))


@QUICKLY
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_text_of_any_kind_is_read_or_refused(text: str | bytes) -> None:
    try:
        assert isinstance(read_document(text), dict)
    except DocumentError as error:
        assert error.message


@QUICKLY
@given(st.data())
def test_yaml_that_was_cut_or_mixed_up_is_read_or_refused(data: st.DataObject) -> None:
    text = yaml.safe_dump(PETS)
    begin, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    mixed = text[:begin] + data.draw(st.sampled_from(["", "&a ", "*a", "- ", ": ", "\t", "!!x ", "<<: "])) + text[end:]
    try:
        root = read_document(mixed)
        found = convert(root)
    except DocumentError:
        return
    check(found)


def test_the_document_itself_is_converted_whole() -> None:
    found = convert(clean(PETS))
    assert [each.name for each in found.actions] == ["getPet", "getPet_putPetsById"]
    assert [each.type for each in found.auth] == ["OAUTH2", "API_KEY"]
    assert not found.left_out
    check(found)
