"""What must not leave a tenant with a definition is found, wherever it stands, and never repeated."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.library import credentials_in, private_in

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"


def step(**input: Any) -> dict[str, Any]:
    return {"nodes": [{"id": "call", "type": "action", "action": "http.request", "input": input}]}


@pytest.mark.parametrize(
    "input",
    [
        {"headers": {"Authorization": "whatever it is"}},
        {"headers": {"X-Api-Key": "4711"}},
        {"headers": {"X-Other": "Bearer a3f9c2d1e8b7"}},
        {"clientSecret": "calm otters"},
        {"db_password": "calm otters"},
        {"text": "use ghp_0123456789abcdefghijABCDEFGHIJ012345"},
        {"text": f"key: {PEM}"},
        {"url": "https://kim:otters@example.com/path"},
        {"list": [{"deep": {"token": "4711"}}]},
        {"text": "AKIAIOSFODNN7EXAMPLE"},
        {"text": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"},
    ],
)
def test_a_credential_is_found_by_its_looks_or_its_name(input: dict[str, Any]) -> None:
    [found] = credentials_in(step(**input))
    assert found.code == "credential"
    assert found.pointer.startswith("/nodes/0/input/")
    assert "otters" not in found.message and "4711" not in found.message


@pytest.mark.parametrize(
    "input",
    [
        {"headers": {"Authorization": "Bearer ${ vars.TOKEN }"}},
        {"password": "${ input.password }"},
        {"token": ""},
        {"tokens": "12"},
        {"text": "Forgot your password? Ask for a token."},
        {"url": "https://example.com/a:b@c"},
        {"secret": "vars.GITHUB_SECRET"},
        {"schema": {"type": "object", "properties": {"password": {"type": "string"}}, "required": ["password"]}},
    ],
)
def test_what_only_names_a_credential_may_go(input: dict[str, Any]) -> None:
    assert list(credentials_in(step(**input))) == []


def test_what_names_people_and_things_of_the_tenant_is_found() -> None:
    definition = step(
        to="Kim@Example.com, lee@example.com",
        owner="01990c52-7a10-7000-8000-0000000000aa",
        other="pat@elsewhere.example",
        near="notkim@example.com",
    )
    found = {each.pointer: each.code for each in private_in(definition, ["kim@example.com"])}
    assert found == {"/nodes/0/input/to": "private_text", "/nodes/0/input/owner": "private_id"}


def test_a_key_of_an_object_is_looked_at_like_its_value() -> None:
    definition = step(routes={"kim@example.com": "north"})
    [found] = private_in(definition, ["kim@example.com"])
    assert found.pointer == "/nodes/0/input/routes/kim@example.com"


def test_without_anything_private_only_ids_are_found() -> None:
    assert list(private_in(step(to="kim@example.com"), [])) == []
