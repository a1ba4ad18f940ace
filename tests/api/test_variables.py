"""Variables over HTTP, and secrets that nobody gets to see."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, problem
from weftline.engine.worker import Worker

TOKEN = "tok-4f9c7b2e81"


async def set_variable(api: Client, key: str, value: Any, type: str = "STRING", workflow: str | None = None) -> None:
    """Set a tenant's variable, or a workflow's."""
    path = "/variables" if workflow is None else f"/workflows/{workflow}/variables"
    answer = await api.put(f"{path}/{key}", {"type": type, "value": value})
    assert answer.status_code in (200, 201), answer.text


def calling(action: str, id: str = "w", **fields: Any) -> dict[str, Any]:
    """A workflow of one action."""
    return {"id": id, "nodes": [{"id": "call", "type": "action", "action": action, **fields}]}


async def test_a_variable_is_made_read_changed_and_removed(api: Client) -> None:
    made = await api.post("/variables", {"key": "LIMIT", "type": "NUMBER", "value": 2.5, "description": "How many"})
    assert made.status_code == 201
    assert made.headers["location"].endswith("/variables/LIMIT")
    shown = made.json()
    assert (shown["key"], shown["type"], shown["value"]) == ("LIMIT", "NUMBER", 2.5)
    assert (shown["isEncrypted"], shown["isSystem"], shown["workflowId"]) == (False, False, None)
    problem(await api.post("/variables", {"key": "LIMIT", "value": "x"}), 409, "variable_exists")

    path, etag = "/variables/LIMIT", made.headers["etag"]
    changed = await api.http.patch(f"/api/v1{path}", json={"value": 3}, headers={"If-Match": etag})
    assert (changed.json()["value"], changed.json()["description"]) == (3, "How many")
    late = await api.http.patch(f"/api/v1{path}", json={"value": 4}, headers={"If-Match": etag})
    problem(late, 412, "variable_changed")
    assert (await api.get(path)).json()["value"] == 3
    assert (await api.http.delete(f"/api/v1{path}")).status_code == 200
    problem(await api.get(path), 404, "variable_not_found")


async def test_lists_are_filtered_and_paged_and_hold_what_the_platform_gives(api: Client) -> None:
    await set_variable(api, "Apple", True, "BOOLEAN")
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    await set_variable(api, "zebra", {"a": [1]}, "JSON")
    pages: list[str] = []
    cursor = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/variables", params=params)).json()
        pages += [item["key"] for item in page["items"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert pages == ["Apple", "PLATFORM_URL", "TENANT_ID", "TENANT_SLUG", "TOKEN", "zebra"]
    secrets = (await api.get("/variables", params={"type": "SECRET"})).json()["items"]
    assert [(item["key"], item["value"], item["isEncrypted"]) for item in secrets] == [("TOKEN", None, True)]
    found = (await api.get("/variables", params={"q": "ebr"})).json()["items"]
    assert [item["key"] for item in found] == ["zebra"]
    slug = (await api.get("/variables/TENANT_SLUG")).json()
    assert (slug["value"], slug["isSystem"]) == ("default", True)
    problem(await api.put("/variables/TENANT_SLUG", {"value": "other"}), 409, "system_variable")


@pytest.mark.parametrize(
    ("type", "value", "code"),
    [
        ("NUMBER", "1", "type_mismatch"),
        ("NUMBER", True, "type_mismatch"),
        ("BOOLEAN", 1, "type_mismatch"),
        ("STRING", {"a": 1}, "type_mismatch"),
        ("STRING", None, "required"),
        ("STRING", "x" * 20_000, "too_large"),
        ("JSON", ["x" * 20_000], "too_large"),
        ("SECRET", 12345678, "type_mismatch"),
        ("SECRET", "abc", "too_short"),
    ],
)
async def test_a_value_that_does_not_fit_is_refused_and_not_repeated(
    api: Client, type: str, value: Any, code: str
) -> None:
    answer = await api.put("/variables/X", {"type": type, "value": value})
    [error] = problem(answer, 422, "invalid_variable")["errors"]
    assert (error["pointer"], error["code"]) == ("/value", code)
    assert "12345678" not in answer.text
    problem(await api.get("/variables/X"), 404, "variable_not_found")


@pytest.mark.parametrize("key", ["1A", "A-B", "", "A" * 129, "ä"])
async def test_a_name_is_one_that_expressions_can_say(api: Client, key: str) -> None:
    assert (await api.post("/variables", {"key": key, "value": "x"})).status_code == 422


async def test_a_secret_cannot_be_turned_into_something_that_is_shown(api: Client) -> None:
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    answer = await api.http.patch("/api/v1/variables/TOKEN", json={"type": "STRING"})
    problem(answer, 422, "invalid_variable")
    assert TOKEN not in (await api.get("/variables/TOKEN")).text


async def test_a_secret_is_stored_sealed_and_no_answer_and_no_audit_entry_has_it(
    api: Client, connect_as_owner: asyncpg.Connection, tenant: asyncpg.Connection
) -> None:
    answers = [
        await api.post("/variables", {"key": "TOKEN", "type": "SECRET", "value": TOKEN}),
        await api.put("/variables/TOKEN", {"type": "SECRET", "value": f"{TOKEN}!"}),
        await api.http.patch("/api/v1/variables/TOKEN", json={"value": TOKEN}),
        await api.put("/variables/TOKEN", {"type": "SECRET", "value": TOKEN, "what": "is this?"}),
        await api.get("/variables"),
        await api.http.delete("/api/v1/variables/TOKEN"),
        await api.get("/audit", params={"resourceType": "variable"}),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 422, 200, 200, 200]
    assert all(TOKEN not in answer.text for answer in answers)
    actions = [entry["action"] for entry in answers[-1].json()["items"]]
    assert actions == ["variable.removed", "variable.changed", "variable.changed", "variable.created"]
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    row = await tenant.fetchrow("SELECT value, sealed FROM variables WHERE key = 'TOKEN'")
    assert row is not None and row["value"] is None and TOKEN.encode() not in row["sealed"]


async def test_a_workflows_variables_stand_before_its_tenants_and_changes_are_seen_by_the_next_start(
    api: Client, worker: Worker
) -> None:
    await api.publish(
        calling("echo", input={"url": "${vars.URL}", "list": "${vars.LIST}", "who": "${vars.TENANT_SLUG}"})
    )
    await set_variable(api, "URL", "tenant")
    await set_variable(api, "LIST", [1, {"a": 2}], "JSON")
    await set_variable(api, "URL", "own", workflow="w")
    first = await api.when_status(await api.start("w"), "completed")
    assert first["output"] == {"url": "own", "list": [1, {"a": 2}], "who": "default"}
    await api.http.delete("/api/v1/workflows/w/variables/URL")
    assert (await api.when_status(await api.start("w"), "completed"))["output"]["url"] == "tenant"
    problem(await api.get("/workflows/none/variables"), 404, "workflow_not_found")


async def test_a_variable_that_is_not_there_fails_the_step_and_names_the_nearest(api: Client, worker: Worker) -> None:
    await set_variable(api, "API_URL", "x")
    await api.publish(calling("echo", input={"url": "${vars.API_URI}"}))
    error = (await api.when_status(await api.start("w"), "failed"))["error"]
    assert error["code"] == "unknown_name"
    assert "no variable `API_URI`" in error["message"] and "`API_URL`" in error["message"]
