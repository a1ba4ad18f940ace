"""Operations become actions with names that stay."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.openapi.documents import converted, document, left_out, only_action, operation

from weftline.authoring.integrations.integration import ACTION_NAME, NAME
from weftline.openapi import convert
from weftline.openapi.naming import Claim, action_names, integration_name


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("getPet", "getPet"),
        ("issues/create-comment", "issues.create-comment"),
        ("Get a pet by ID", "getAPetByID"),
        ("2fa", "_2fa"),
        ("  ", "getPetsByPetId"),
        ("€€€", "getPetsByPetId"),
        ("__proto__", "proto"),
        ("..", "getPetsByPetId"),
        ("get pet\n", "getPet"),
    ],
)
def test_an_operation_id_becomes_a_name(wanted: str, name: str) -> None:
    assert action_names([Claim("GET", "/pets/{petId}", wanted)], {}) == [name]


def test_names_do_not_rest_on_the_order_of_the_document() -> None:
    claims = [Claim("GET", "/pets", "list"), Claim("GET", "/owners", "list"), Claim("POST", "/pets", "list")]
    names = dict(zip(claims, action_names(claims, {}), strict=True))
    again = list(reversed(claims))
    assert dict(zip(again, action_names(again, {}), strict=True)) == names
    assert sorted(names.values()) == ["list", "list_getOwners", "list_postPets"]


def test_a_name_goes_along_when_its_path_moves() -> None:
    known = {("GET", "/v1/pets"): "listPets"}
    assert action_names([Claim("GET", "/v2/pets", "listPets")], known) == ["listPets"]


def test_an_operation_whose_id_changes_keeps_the_name_that_definitions_call() -> None:
    known = {("GET", "/pets"): "listPets", ("POST", "/pets"): "addPet"}
    claims = [Claim("GET", "/pets", "getAllPets"), Claim("POST", "/pets", "addPet")]
    assert action_names(claims, known) == ["listPets", "addPet"]


def test_two_operations_never_share_a_name() -> None:
    claims = [Claim("GET", f"/p{n}", "same" if n % 2 else "x" * 300) for n in range(100)]
    names = action_names(claims, {("GET", "/p1"): "other", ("GET", "/p2"): "same"})
    assert len(set(names)) == 100
    assert all(ACTION_NAME.fullmatch(name) for name in names)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Swagger Petstore - OpenAPI 3.0", "swagger-petstore"),
        ("The GitHub v3 REST API", "github"),
        ("API", "api"),
        ("123", "api-123"),
        ("日本", "api"),
        ("", "api"),
    ],
)
def test_a_title_becomes_the_name_of_an_integration(title: str, name: str) -> None:
    assert integration_name(title) == name
    assert NAME.fullmatch(name)


def test_parameters_are_fields_of_the_input() -> None:
    action = only_action(
        operation(
            parameters=[
                {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "fields", "in": "query", "style": "form", "explode": False, "schema": {"type": "array"}},
                {"name": "filter", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                {"name": "X-Trace", "in": "header", "description": "A trace.", "schema": {"type": "string"}},
                {"name": "where", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            ]
        ),
        "/pets/{petId}",
    )
    assert list(action.input["properties"]) == ["petId", "fields", "filter", "where", "X-Trace", "fullResponse"]
    assert action.input["required"] == ["petId"]
    assert action.input["additionalProperties"] is False
    assert action.input["properties"]["X-Trace"]["description"] == "A trace."
    styles = {
        each["name"]: (each["style"], each["explode"], each.get("json")) for each in action.operation["parameters"]
    }
    assert styles == {
        "petId": ("simple", False, None),
        "fields": ("form", False, None),
        "filter": ("deepObject", True, None),
        "where": ("form", True, True),
        "X-Trace": ("simple", False, None),
    }


def test_parameters_of_one_name_are_told_apart() -> None:
    parameters = [{"name": "id", "in": place, "schema": {}} for place in ("query", "path", "header")]
    parameters += [{"name": name, "in": "query", "schema": {}} for name in ("body", "fullResponse")]
    action = only_action(operation(parameters=parameters, requestBody={"content": {"text/plain": {}}}), "/{id}", "post")
    assert list(action.input["properties"]) == [
        "id", "queryId", "queryBody", "fullResponse", "headerId", "body", "fullResponse_",
    ]  # fmt: skip
    assert action.operation["full"] == "fullResponse_"


def test_parameters_of_the_path_count_unless_the_operation_says_otherwise() -> None:
    paths = {
        "/pets/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "lang", "in": "query", "schema": {"type": "string"}},
            ],
            "get": operation(
                parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
            ),
        }
    }
    (action,) = converted(paths).actions
    assert action.input["properties"]["id"] == {"type": "integer"}
    assert action.input["properties"]["lang"] == {"type": "string"}


def test_a_place_in_the_path_that_nobody_tells_of_is_a_text() -> None:
    found = converted({"/pets/{petId}/{kind}": {"get": operation()}})
    assert found.actions[0].input["required"] == ["petId", "kind"]
    assert "petId" in left_out(found)["/paths/~1pets~1{petId}~1{kind}/get/parameters"]


@pytest.mark.parametrize(
    "parameter",
    [
        {"name": "", "in": "query"},
        {"in": "query"},
        {"name": "a", "in": "nowhere"},
        {"name": "a"},
        {"name": "gone", "in": "path"},
        {"name": "a\r\nb", "in": "header"},
        {"name": "Host", "in": "header"},
        {"$ref": "#/components/parameters/Nowhere"},
        {"$ref": "other.yaml#/a"},
        "a",
        None,
    ],
)
def test_parameters_that_cannot_be_sent_are_left_out_and_named(parameter: Any) -> None:
    found = converted({"/pets": {"get": operation(parameters=[parameter])}})
    assert list(found.actions[0].input["properties"]) == ["fullResponse"]
    assert len(found.left_out) == 1


def test_what_the_connection_adds_is_no_parameter() -> None:
    scheme = {"type": "apiKey", "in": "query", "name": "key"}
    action = only_action(
        operation(
            parameters=[
                {"name": "key", "in": "query", "required": True, "schema": {"type": "string"}},
                {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}},
            ]
        ),
        components={"securitySchemes": {"key": scheme}},
    )
    assert list(action.input["properties"]) == ["fullResponse"]


def test_a_step_need_not_name_the_idempotency_key_that_it_sends_anyway() -> None:
    key = {"name": "idempotency-key", "in": "header", "required": True, "schema": {"type": "string"}}
    other = {"name": "X-Client", "in": "header", "required": True, "schema": {"type": "string"}}
    action = only_action(operation(parameters=[key, other]))
    assert {"idempotency-key", "X-Client"} < set(action.input["properties"])
    assert action.input["required"] == ["X-Client"]


@pytest.mark.parametrize("path", ["pets", "/../admin", "/a/./b", "/a\\b", "/a b", "/a\r\nb"])
def test_paths_that_lead_elsewhere_are_left_out(path: str) -> None:
    found = converted({path: {"get": operation()}})
    assert not found.actions
    assert "leads out" in found.left_out[0].why


def test_operations_of_another_system_are_left_out() -> None:
    found = converted(
        {
            "/files": {"post": operation(servers=[{"url": "https://uploads.example.com/v1"}])},
            "/beta": {"get": operation(servers=[{"url": "https://pets.example.com/beta"}])},
            "/pets": {"get": operation(servers=[{"url": "https://pets.example.com/v1/"}])},
        }
    )
    assert {each.path: each.operation.get("base") for each in found.actions} == {
        "/beta": "https://pets.example.com/beta",
        "/pets": None,
    }
    assert "another address" in left_out(found)["/paths/~1files/post"]


def test_tags_and_texts_are_kept_within_bounds() -> None:
    given = operation(
        tags=["pets", "pets", 4, "x" * 500], summary="Find\n a pet ", description="y" * 9_000, deprecated=True
    )
    action = only_action(given)
    assert action.title == "Find a pet"
    assert action.tags[0] == "pets"
    assert len(action.tags) == 2
    assert len(action.tags[1]) == 100
    assert len(action.description) == 4_000
    assert action.is_deprecated


@pytest.mark.parametrize(
    ("content", "kind", "media_type"),
    [
        ({"application/xml": {}, "application/json": {}}, "json", "application/json"),
        ({"application/merge-patch+json": {}}, "json", "application/merge-patch+json"),
        ({"application/x-www-form-urlencoded": {}}, "form", "application/x-www-form-urlencoded"),
        ({"multipart/form-data": {}}, "multipart", "multipart/form-data"),
        ({"text/csv; charset=utf-8": {}}, "text", "text/csv"),
        ({"image/*": {}}, "binary", "application/octet-stream"),
        ({"*/*": {}}, "json", "application/json"),
    ],
)
def test_bodies_are_sent_as_the_document_says(content: dict[str, Any], kind: str, media_type: str) -> None:
    action = only_action(operation(requestBody={"content": content, "required": True}), method="put")
    assert action.operation["body"]["kind"] == kind
    assert action.operation["body"]["mediaType"] == media_type
    assert action.input["required"] == ["body"]


def test_files_of_a_form_are_told_apart_from_its_texts() -> None:
    schema = {
        "type": "object",
        "properties": {"photo": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
    }
    body = {"content": {"multipart/form-data": {"schema": schema, "encoding": {"photo": {"contentType": "image/png"}}}}}
    action = only_action(operation(requestBody=body), method="post")
    assert action.operation["body"]["parts"] == {"photo": {"file": True, "mediaType": "image/png"}}
    assert "base64" in action.input["properties"]["body"]["properties"]["photo"]["anyOf"][1]["properties"]


@pytest.mark.parametrize(
    ("responses", "output"),
    [
        ({"200": {"content": {"application/json": {"schema": {"type": "array"}}}}}, {"type": "array"}),
        ({"404": {}, "201": {"content": {"application/json": {"schema": {"type": "object"}}}}}, {"type": "object"}),
        ({"2XX": {"content": {"application/json": {"schema": {"type": "object"}}}}}, {"type": "object"}),
        ({"204": {"description": "none"}}, {"type": "null"}),
        ({"default": {"content": {"application/json": {"schema": {"type": "object"}}}}}, True),
        ({}, True),
        (None, True),
        ({"200": "ok"}, True),
    ],
)
def test_the_first_success_is_the_output(responses: Any, output: Any) -> None:
    assert only_action({"responses": responses}).output == output


def test_swagger_2_comes_to_the_same() -> None:
    found = convert(
        {
            "swagger": "2.0",
            "info": {"title": "Old pets", "version": "1"},
            "host": "old.example.com",
            "basePath": "/v2",
            "schemes": ["http", "https"],
            "consumes": ["application/json"],
            "produces": ["application/json"],
            "securityDefinitions": {"basic": {"type": "basic"}},
            "security": [{"basic": []}],
            "definitions": {"Pet": {"type": "object", "properties": {"name": {"type": "string", "x-nullable": True}}}},
            "paths": {
                "/pets": {
                    "post": {
                        "operationId": "addPet",
                        "parameters": [
                            {"in": "body", "name": "pet", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
                            {"in": "query", "name": "tags", "type": "array", "items": {"type": "string"}},
                            {"in": "query", "name": "ids", "type": "array", "collectionFormat": "multi"},
                        ],
                        "responses": {"200": {"schema": {"$ref": "#/definitions/Pet"}}},
                    }
                },
                "/pets/{id}/photo": {
                    "put": {
                        "consumes": ["multipart/form-data"],
                        "parameters": [
                            {"in": "path", "name": "id", "type": "integer", "required": True},
                            {"in": "formData", "name": "photo", "type": "file", "required": True},
                            {"in": "formData", "name": "note", "type": "string"},
                        ],
                        "responses": {"204": {"description": ""}},
                    }
                },
            },
        }
    )
    add, photo = found.actions
    assert found.base_url == "https://old.example.com/v2"
    assert [each.type for each in found.auth] == ["BASIC"]
    assert add.input["required"] == ["body"]
    assert add.output == {"$ref": "#/$defs/Pet"}
    assert {each["name"]: (each["style"], each["explode"]) for each in add.operation["parameters"]} == {
        "tags": ("form", False),
        "ids": ("form", True),
    }
    assert found.schemas["Pet"] == {"type": "object", "properties": {"name": {"type": ["string", "null"]}}}
    assert photo.name == "putPetsByIdPhoto"
    assert photo.operation["body"] == {
        "kind": "multipart",
        "mediaType": "multipart/form-data",
        "parts": {"photo": {"file": True}, "note": {"explode": False}},
    }
    assert photo.input["properties"]["body"]["required"] == ["photo"]


def test_callbacks_webhooks_and_unknown_methods_are_listed() -> None:
    found = converted({"/a": {"get": operation(callbacks={"x": {}}), "trace": operation()}}, webhooks={"w": {}})
    assert {each.what for each in found.left_out} == {"callbacks", "an operation", "webhooks"}


def test_a_path_item_may_be_a_reference() -> None:
    given = document({"/pets": {"$ref": "#/components/pathItems/pets"}})
    given["components"] = {"pathItems": {"pets": {"get": operation(operationId="listPets")}}}
    assert [each.name for each in convert(given).actions] == ["listPets"]
