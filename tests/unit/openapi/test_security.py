"""Servers and ways of signing in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.openapi.documents import converted, left_out, operation

from weftline.authoring.integrations.auth import ApiKey, KeyPart, OAuth2
from weftline.authoring.integrations.stored import auth_json, read_auth
from weftline.openapi import ConvertedIntegration, DocumentError, convert

PATHS: dict[str, Any] = {"/a": {"get": operation()}}


def secured(schemes: dict[str, Any], security: Any = None, **more: Any) -> ConvertedIntegration:
    """A document with these schemes, which every operation asks for unless it is said otherwise."""
    asked = [{name: []} for name in schemes] if security is None else security
    return converted(PATHS, components={"securitySchemes": schemes}, security=asked, **more)


@pytest.mark.parametrize(
    ("scheme", "type"),
    [
        ({"type": "http", "scheme": "basic"}, "BASIC"),
        ({"type": "http", "scheme": "Bearer", "bearerFormat": "JWT"}, "BEARER"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "API_KEY"),
        ({"type": "mutualTLS"}, "MUTUAL_TLS"),
        ({"type": "openIdConnect", "openIdConnectUrl": "https://id.example.com"}, "BEARER"),
        (
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://id.example.com", "scopes": {}}}},
            "BEARER",
        ),
    ],
)
def test_schemes_are_ways_of_signing_in(scheme: dict[str, Any], type: str) -> None:
    found = secured({"it": scheme})
    assert [each.type for each in found.auth] == [type]
    assert found.needs_connection


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_keys_go_where_the_document_says(place: str) -> None:
    (auth,) = secured({"key": {"type": "apiKey", "in": place, "name": "key", "description": "Ask us."}}).auth
    assert isinstance(auth, ApiKey)
    assert (auth.place, auth.name) == (place, "key")
    assert auth.credentials["properties"]["apiKey"]["description"] == "Ask us."


def test_keys_that_are_asked_for_together_go_together() -> None:
    schemes = {
        "appId": {"type": "apiKey", "in": "header", "name": "X-App-Id"},
        "appKey": {"type": "apiKey", "in": "query", "name": "key"},
    }
    found = secured(schemes, [{"appId": [], "appKey": []}])
    (auth,) = found.auth
    assert isinstance(auth, ApiKey)
    assert auth.name == "X-App-Id"
    assert auth.further == (KeyPart("appKey", "query", "key"),)
    assert auth.credentials["required"] == ["apiKey", "appKey"]
    assert not found.left_out


def test_oauth_asks_for_what_the_operations_need() -> None:
    flows = {
        "authorizationCode": {"authorizationUrl": "https://id.example.com/auth", "tokenUrl": "/token", "scopes": {}},
        "clientCredentials": {"tokenUrl": "https://pets.example.com/token", "scopes": {}},
        "password": {"tokenUrl": "https://pets.example.com/token"},
    }
    paths = {
        "/a": {"get": operation(security=[{"o": ["read"]}])},
        "/b": {"get": operation(security=[{"o": ["read", "write"]}])},
    }
    found = converted(paths, components={"securitySchemes": {"o": {"type": "oauth2", "flows": flows}}})
    (auth,) = found.auth
    assert isinstance(auth, OAuth2)
    assert auth.grants == ("authorization_code", "client_credentials")
    assert auth.authorization_url == "https://id.example.com/auth"
    assert auth.token_url == "https://pets.example.com/token"
    assert auth.scopes == ("read", "write")
    assert "no longer safe" in left_out(found)["/components/securitySchemes/o/flows/password"]


def test_the_way_that_is_asked_for_first_is_the_usual_one() -> None:
    schemes = {"basic": {"type": "http", "scheme": "basic"}, "bearer": {"type": "http", "scheme": "bearer"}}
    assert [each.type for each in secured(schemes, [{"bearer": []}, {"basic": []}]).auth] == ["BEARER", "BASIC"]


def test_what_can_be_called_without_signing_in_needs_no_connection() -> None:
    assert not converted(PATHS).needs_connection
    found = secured({"basic": {"type": "http", "scheme": "basic"}}, [{}, {"basic": []}])
    assert [each.type for each in found.auth] == ["BASIC", "NONE"]
    assert not found.needs_connection


@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "http", "scheme": "digest"},
        {"type": "apiKey"},
        {"type": "apiKey", "in": "header", "name": "a\r\nb: c"},
        {"type": "apiKey", "in": "header", "name": "Host"},
        {"type": "apiKey", "in": "body", "name": "key"},
        {"type": "magic"},
        {},
        {"$ref": "#/nowhere"},
        "basic",
        None,
    ],
)
def test_schemes_that_nobody_can_use_are_left_out_and_named(scheme: Any) -> None:
    found = secured({"it": scheme})
    assert [each.type for each in found.auth] == ["NONE"]
    assert len(found.left_out) == 1


@pytest.mark.parametrize(
    ("servers", "base_url", "default"),
    [
        ([{"url": "https://a.example.com/v1/"}], "https://a.example.com/v1", None),
        ([{"url": "//a.example.com"}], "https://a.example.com", None),
        ([{"url": "https://a.example.com?x=1#y"}], "https://a.example.com", None),
        ([{"url": "/v1"}], "{baseUrl}", None),
        ([], "{baseUrl}", None),
        (None, "{baseUrl}", None),
        ("https://a.example.com", "{baseUrl}", None),
        ([{"url": "https://user:pw@a.example.com"}], "{baseUrl}", None),
        ([{"url": "ftp://a.example.com"}], "{baseUrl}", None),
        ([{"url": 4}, None], "{baseUrl}", None),
        (
            [{"url": "https://a.example.com"}, {"url": "https://sandbox.example.com", "description": "To try"}],
            "{baseUrl}",
            "https://a.example.com",
        ),
    ],
)
def test_the_server_is_the_base_url(servers: Any, base_url: str, default: str | None) -> None:
    found = converted(PATHS, servers=servers)
    assert found.base_url == base_url
    schema = found.config["properties"].get("baseUrl", {})
    assert schema.get("default") == default
    assert ("baseUrl" in found.config.get("required", [])) == (base_url == "{baseUrl}" and default is None)


def test_variables_of_a_server_are_configured() -> None:
    server = {
        "url": "https://{region}.example.com:{port}/{base path}",
        "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}, "port": {"default": 8443}, "base path": {}},
    }
    found = converted(PATHS, servers=[server])
    assert found.base_url == "https://{region}.example.com:{port}/{base_path}"
    assert found.config["properties"]["region"]["enum"] == ["eu", "us"]
    assert found.config["properties"]["port"]["default"] == "8443"
    assert found.config["required"] == ["base_path"]


def test_relative_servers_belong_to_where_the_document_came_from() -> None:
    found = convert(
        {"openapi": "3.0.0", "info": {}, "servers": [{"url": "../api"}], "paths": PATHS},
        source_url="https://a.example.com/docs/openapi.json",
    )
    assert found.base_url == "https://a.example.com/api"


@pytest.mark.parametrize("servers", [{}, {"servers": []}, {"servers": None}])
def test_without_servers_a_connection_may_say_that_the_system_is_elsewhere_than_the_document(
    servers: dict[str, Any],
) -> None:
    source = "https://a.example.com/docs/openapi.json"
    found = convert({"openapi": "3.1.0", "info": {}, "paths": PATHS, **servers}, source_url=source)
    assert found.base_url == "{baseUrl}"
    assert found.config["properties"]["baseUrl"]["default"] == "https://a.example.com"
    assert "required" not in found.config
    assert not found.left_out


def test_ways_of_signing_in_survive_being_stored() -> None:
    schemes = {
        "id": {"type": "apiKey", "in": "header", "name": "X-App-Id"},
        "key": {"type": "apiKey", "in": "query", "name": "key"},
        "o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example.com/t", "scopes": {}}}},
        "b": {"type": "http", "scheme": "basic"},
        "m": {"type": "mutualTLS"},
    }
    found = secured(schemes, [{"id": [], "key": []}, {"o": ["read"]}, {"b": []}, {"m": []}])
    assert len(found.auth) == 4
    for auth in found.auth:
        stored = auth_json(auth)
        assert auth_json(read_auth(stored)) == stored
        assert type(read_auth(stored)) is type(auth)


@pytest.mark.parametrize("root", [{}, {"openapi": "4.0"}, {"swagger": "1.2"}, {"openapi": None}, {"openapi": True}])
def test_what_is_neither_openapi_nor_swagger_is_refused(root: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match="no OpenAPI 3 or Swagger 2"):
        convert(root)


@pytest.mark.parametrize("version", ["3.0.0", "3.1.1", "3.2.0", 3.0, "3"])
def test_every_version_3_is_taken(version: Any) -> None:
    assert convert({"openapi": version, "info": {}, "paths": PATHS}).actions
