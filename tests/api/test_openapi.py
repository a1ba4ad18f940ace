"""The API's description of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.api.client import Client
from weftline.api.app import Application
from weftline.api.sharing import operations_in, resolved

CONTRACT = {
    "post /workflows",
    "get /workflows",
    "get /workflows/{workflow_id}",
    "put /workflows/{workflow_id}",
    "post /workflows/{workflow_id}/publish",
    "post /workflows/{workflow_id}/executions",
    "post /workflows/{workflow_id}/executions/batch",
    "get /executions",
    "get /executions/{execution_id}",
    "get /executions/{execution_id}/events",
    "get /executions/{execution_id}/steps",
    "post /executions/{execution_id}/cancel",
    "post /executions/{execution_id}/pause",
    "post /executions/{execution_id}/resume",
    "post /executions/{execution_id}/signals",
    "post /events",
    "get /tasks",
    "post /tasks/{task_id}/claim",
    "post /tasks/{task_id}/complete",
}


@pytest.fixture
async def document(api: Client) -> dict[str, Any]:
    answer = await api.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method, path, operation in operations_in(document):
        yield f"{method} {path.removeprefix('/api/v1')}", operation


def may_be_null(schema: dict[str, Any]) -> bool:
    return "type" not in schema or {"type": "null"} in schema.get("anyOf", ())


async def test_it_is_openapi_3_1_and_holds_the_contract(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {name for name, _ in operations(document)} >= CONTRACT


async def test_every_operation_has_examples_of_what_it_takes_and_answers(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"] and operation["description"], name
        answers = {status: body for status, body in operation["responses"].items() if status.startswith("2")}
        assert answers, name
        for status, body in answers.items():
            # 204 has nothing to show
            assert status == "204" or all("example" in media for media in body["content"].values()), name
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert media.get("example") or media.get("examples"), name


async def test_every_failure_of_an_operation_has_an_example_of_each_of_its_codes(document: dict[str, Any]) -> None:
    validate = jsonschema_rs.validator_for(document["components"]["schemas"]["Problem"])
    for name, operation in operations(document):
        failures = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        # these can come of any request
        assert failures.keys() >= {"403", "421", "429", "500", "503"}, name
        assert all(status.isdecimal() for status in failures), name
        for status, answer in failures.items():
            media = answer["content"]["application/problem+json"]
            for code, reference in media["examples"].items():
                example = resolved(document, reference)["value"]
                assert (example["code"], example["status"]) == (code, int(status)), name
                validate.validate(example)


async def test_the_document_is_of_everything_that_the_application_serves_under_v1(
    application: Application, document: dict[str, Any]
) -> None:
    served = {
        f"{method.lower()} {context.path_format}"
        for context in iter_route_contexts(application.routes)
        if isinstance(context.original_route, APIRoute) and context.original_route.include_in_schema
        for method in context.methods or ()
    }
    assert served == {f"{method} {path}" for path, item in document["paths"].items() for method in item}


async def test_examples_have_the_fields_that_answers_have(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            media = answer.get("content", {}).get("application/json", {})
            reference = media.get("schema", {}).get("$ref")
            if status.startswith("2") and reference:
                schema = document["components"]["schemas"][reference.rpartition("/")[2]]
                assert set(media["example"]) <= set(schema["properties"]), name
                # FastAPI leaves nulls out of examples
                absent = set(schema.get("required", ())) - set(media["example"])
                assert all(may_be_null(schema["properties"][field]) for field in absent), name


async def test_the_versions_of_the_api_are_listed(anonymous: Client) -> None:
    answer = await anonymous.http.get("/api")
    assert answer.status_code == 200
    [version] = answer.json()["versions"]
    assert (version["version"], version["status"]) == ("v1", "current")
    for place in ("openapi", "docs"):
        assert (await anonymous.http.get(version[place])).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_pages_need_nothing_from_elsewhere(api: Client, path: str) -> None:
    answer = await api.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"""(?:src|href)=["'](?!/|#)|@import|url\(|<script""", answer.text)


async def test_the_reference_shows_every_operation(api: Client, document: dict[str, Any]) -> None:
    page = unescape((await api.http.get("/docs")).text)
    for _, operation in operations(document):
        assert operation["summary"] in page
