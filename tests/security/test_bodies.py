"""What a body may set is what it declares, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.client import Client, problem
from tests.api.people import People

DEFINITIONS = {"/workflows", "/workflows/convert", "/workflows/validate", "/workflows/{workflow_id}"}
"""Bodies that are definitions of workflows: the language refuses names that it does not have."""

OF_PLUGINS = {"/plugins/{plugin_id}/routes/{path}"}
"""Bodies that a plugin's own model checks."""


def json_bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema of every operation's JSON body."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield f"{method.upper()} {path.removeprefix('/api/v1')}", content["application/json"]["schema"]


def objects(schema: dict[str, Any], types: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The object that a schema describes, or the ones it chooses from."""
    if "$ref" in schema:
        yield from objects(types[schema["$ref"].rpartition("/")[2]], types)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from objects(each, types)
    elif schema.get("type") != "null":
        yield schema


async def test_no_body_takes_a_field_that_it_does_not_declare(anonymous: Client) -> None:
    document = (await anonymous.get("/openapi.json")).json()
    found = dict(json_bodies(document))
    assert len(found) > 40
    for name, schema in found.items():
        if name.partition(" ")[2] in DEFINITIONS | OF_PLUGINS:
            continue
        shapes = list(objects(schema, document["components"]["schemas"]))
        assert shapes and all(shape["additionalProperties"] is False for shape in shapes), name


async def test_nobody_makes_themselves_more_than_they_are(people: People) -> None:
    ada = await people.join("ada", "viewer")
    for field, value in {
        "roles": ["admin"],
        "status": "active",
        "id": str(ada.id),
        "isPlatformOperator": True,
        "emailVerifiedAt": "2026-01-01T00:00:00Z",
        "email": "admin@example.com",
    }.items():
        answer = await ada.http.patch("/api/v1/auth/me", json={"name": "Ada", field: value})
        problem(answer, 422, "invalid_request")
