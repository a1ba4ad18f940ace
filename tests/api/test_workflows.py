"""Workflows over HTTP: writing, publishing, versions."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING, PAYMENT, changed

YAML = """
id: greeting
nodes:
  - {id: start, type: start, next: end}
  - {id: end, type: end}
"""


async def test_a_definition_becomes_a_draft_under_its_own_id(api: Client) -> None:
    answer = await api.post("/workflows", GREETING)
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/workflows/greeting"
    workflow = answer.json()
    assert workflow["id"] == workflow["templateId"] == "greeting"
    assert workflow["name"] == "Greeting"
    assert workflow["description"] == "Says hello"
    assert workflow["status"] == "DRAFT"
    assert workflow["versionNumber"] == workflow["latestVersion"] == 1
    assert workflow["publishedVersion"] is None
    assert workflow["definition"] == GREETING
    assert workflow["createdAt"].endswith("Z")
    assert (await api.get("/workflows/greeting")).json() == workflow


@pytest.mark.parametrize("kind", ["application/yaml", "application/x-yaml", "text/yaml; charset=utf-8"])
async def test_a_definition_may_be_yaml(api: Client, kind: str) -> None:
    answer = await api.post("/workflows", content=YAML, headers={"content-type": kind})
    assert answer.status_code == 201
    assert answer.json()["definition"]["nodes"][1] == {"id": "end", "type": "end"}
    assert answer.json()["name"] == "greeting"


async def test_a_second_workflow_of_the_same_id_is_refused(api: Client) -> None:
    await api.post("/workflows", GREETING)
    problem(await api.post("/workflows", GREETING), 409, "workflow_exists")


async def test_every_problem_of_a_definition_is_told_at_once(api: Client, tenant: asyncpg.Connection) -> None:
    broken = changed(
        GREETING,
        nodes=[
            {"id": "start", "type": "start", "next": "greeet"},
            {"id": "greet", "type": "action", "action": "ecko", "next": "end"},
            {"id": "end", "type": "end"},
        ],
    )
    document = problem(await api.post("/workflows", broken), 422, "invalid_definition")
    found = {error["pointer"]: error for error in document["errors"]}
    assert "greet" in found["/nodes/0/next"]["hint"]
    assert "echo" in found["/nodes/1/action"]["hint"]
    assert all(error["message"] and error["code"] for error in document["errors"])
    assert await tenant.fetchval("SELECT count(*) FROM workflow_templates") == 0


async def test_validating_says_the_same_and_stores_nothing(api: Client, tenant: asyncpg.Connection) -> None:
    assert (await api.post("/workflows/validate", GREETING)).json() == {"valid": True, "problems": []}
    answer = await api.post("/workflows/validate", changed(GREETING, startNode="nowhere"))
    assert answer.status_code == 200
    assert answer.json()["valid"] is False
    assert answer.json()["problems"][0]["pointer"] == "/startNode"
    assert await tenant.fetchval("SELECT count(*) FROM workflow_templates") == 0


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "objct"},
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"a": {"pattern": "(?=a)b"}}},
    ],
)
async def test_an_input_schema_must_be_one_that_can_be_checked_safely(api: Client, schema: dict[str, object]) -> None:
    answer = await api.post("/workflows", changed(GREETING, input=schema))
    document = problem(answer, 422, "invalid_definition")
    assert document["errors"][0]["pointer"].startswith("/input")


async def test_a_draft_is_replaced_in_place(api: Client) -> None:
    await api.post("/workflows", GREETING)
    answer = await api.put("/workflows/greeting", changed(GREETING, name="Salute"))
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["versionNumber"]) == ("Salute", 1)


async def test_a_published_version_stays_and_a_change_makes_a_draft_beside_it(api: Client) -> None:
    await api.publish(GREETING)
    new = changed(GREETING, name="Salute", version="2.0.0")
    changed_workflow = (await api.put("/workflows/greeting", new)).json()
    assert changed_workflow["versionNumber"] == changed_workflow["latestVersion"] == 2
    assert changed_workflow["publishedVersion"] == 1
    assert changed_workflow["status"] == "PUBLISHED"
    old = (await api.get("/workflows/greeting", params={"version": 1})).json()
    assert (old["versionNumber"], old["definition"]) == (1, GREETING)
    again = (await api.put("/workflows/greeting", changed(new, name="Hail"))).json()
    assert (again["name"], again["versionNumber"]) == ("Hail", 2)


async def test_putting_the_same_definition_changes_nothing(api: Client) -> None:
    await api.publish(GREETING)
    before = await api.get("/workflows/greeting")
    after = await api.put("/workflows/greeting", dict(reversed(GREETING.items())))
    assert after.json() == before.json()
    assert after.headers["etag"] == before.headers["etag"]


async def test_fields_of_a_form_stay_in_the_order_of_their_author(api: Client) -> None:
    def asking(*names: str) -> dict[str, Any]:
        form = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
        return {"id": "asks", "input": form, "nodes": [{"id": "ask", "type": "human-task", "form": form}]}

    def fields(definition: dict[str, Any]) -> list[list[str]]:
        return [list(form["properties"]) for form in (definition["input"], definition["nodes"][0]["form"])]

    await api.publish(asking("zip", "applicant", "amount"))
    stored = (await api.get("/workflows/asks")).json()["definition"]
    assert fields(stored) == [["zip", "applicant", "amount"]] * 2
    assert (await api.put("/workflows/asks", asking("zip", "applicant", "amount"))).json()["versionNumber"] == 1
    moved = (await api.put("/workflows/asks", asking("amount", "zip", "applicant"))).json()
    assert (moved["versionNumber"], fields(moved["definition"])) == (2, [["amount", "zip", "applicant"]] * 2)
    again = (await api.put("/workflows/asks", asking("applicant", "amount", "zip"))).json()
    assert (again["versionNumber"], fields(again["definition"])) == (2, [["applicant", "amount", "zip"]] * 2)


async def test_an_id_cannot_be_changed(api: Client) -> None:
    await api.post("/workflows", GREETING)
    document = problem(await api.put("/workflows/greeting", PAYMENT), 422, "invalid_definition")
    assert document["errors"][0]["pointer"] == "/id"


async def test_a_change_is_refused_where_somebody_else_was_faster(api: Client) -> None:
    etag = (await api.post("/workflows", GREETING)).headers["etag"]
    first = changed(GREETING, name="One")
    assert (await api.put("/workflows/greeting", first, headers={"if-match": etag})).status_code == 200
    second = changed(GREETING, name="Two")
    problem(await api.put("/workflows/greeting", second, headers={"if-match": etag}), 412, "workflow_changed")
    assert (await api.get("/workflows/greeting")).json()["name"] == "One"
    assert (await api.put("/workflows/greeting", second, headers={"if-match": "*"})).status_code == 200


async def test_publishing_freezes_the_latest_version(api: Client) -> None:
    await api.post("/workflows", GREETING)
    version = (await api.post("/workflows/greeting/publish", {"changeDescription": "The first"})).json()
    assert version["versionNumber"] == 1
    assert version["templateId"] == "greeting"
    assert version["status"] == "PUBLISHED"
    assert version["isActive"] is True
    assert version["label"] == "1.0.0"
    assert version["changeDescription"] == "The first"
    assert version["publishedAt"].endswith("Z")
    workflow = (await api.get("/workflows/greeting")).json()
    assert (workflow["status"], workflow["publishedVersion"]) == ("PUBLISHED", 1)


async def test_publishing_again_changes_nothing(api: Client) -> None:
    await api.post("/workflows", GREETING)
    first = await api.post("/workflows/greeting/publish", {"changeDescription": "The first"})
    second = await api.post("/workflows/greeting/publish", {"changeDescription": "Another"})
    assert second.status_code == 200
    assert second.json() == first.json()


async def test_one_version_is_active_at_a_time(api: Client) -> None:
    await api.publish(GREETING)
    await api.put("/workflows/greeting", changed(GREETING, name="Salute"))
    await api.post("/workflows/greeting/publish")
    versions = (await api.get("/workflows/greeting/versions")).json()["items"]
    assert [(each["versionNumber"], each["isActive"], each["status"]) for each in versions] == [
        (2, True, "PUBLISHED"),
        (1, False, "PUBLISHED"),
    ]
    assert "definition" not in versions[0]
    one = (await api.get("/workflows/greeting/versions/1")).json()
    assert one["definition"] == GREETING


async def test_lists_are_paged_filtered_and_searched(api: Client) -> None:
    for name in ("alpha", "beta", "gamma"):
        await api.post("/workflows", changed(GREETING, id=name, name=f"The {name}"))
    await api.post("/workflows/beta/publish")
    first = (await api.get("/workflows", params={"limit": 2})).json()
    assert [each["id"] for each in first["items"]] == ["alpha", "beta"]
    rest = (await api.get("/workflows", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [each["id"] for each in rest["items"]] == ["gamma"]
    assert rest["nextCursor"] is None
    published = (await api.get("/workflows", params={"status": "PUBLISHED"})).json()["items"]
    assert [each["id"] for each in published] == ["beta"]
    found = (await api.get("/workflows", params={"q": "GAM"})).json()["items"]
    assert [each["id"] for each in found] == ["gamma"]
    assert (await api.get("/workflows", params={"q": "%"})).json()["items"] == []
    named = (await api.get("/workflows", params={"id": ["gamma", "alpha", "delta"]})).json()["items"]
    assert [(each["id"], each["name"]) for each in named] == [("alpha", "The alpha"), ("gamma", "The gamma")]
    problem(await api.get("/workflows", params={"id": ["a"] * 101}), 422, "invalid_request")


async def test_versions_are_paged(api: Client) -> None:
    await api.publish(GREETING)
    await api.put("/workflows/greeting", changed(GREETING, name="Salute"))
    first = (await api.get("/workflows/greeting/versions", params={"limit": 1})).json()
    assert [each["versionNumber"] for each in first["items"]] == [2]
    params = {"limit": 1, "cursor": first["nextCursor"]}
    rest = (await api.get("/workflows/greeting/versions", params=params)).json()
    assert [each["versionNumber"] for each in rest["items"]] == [1]
    assert rest["nextCursor"] is None


async def test_what_does_not_exist_is_not_found(api: Client) -> None:
    problem(await api.get("/workflows/nothing"), 404, "workflow_not_found")
    problem(await api.put("/workflows/nothing", changed(GREETING, id="nothing")), 404, "workflow_not_found")
    problem(await api.post("/workflows/nothing/publish"), 404, "workflow_not_found")
    problem(await api.get("/workflows/nothing/versions"), 404, "workflow_not_found")
    await api.post("/workflows", GREETING)
    problem(await api.get("/workflows/greeting/versions/2"), 404, "version_not_found")
    problem(await api.get("/workflows/greeting", params={"version": 2}), 404, "version_not_found")
