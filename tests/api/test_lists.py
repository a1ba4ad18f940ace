"""What lists have in common: sorts, cursors, sparse fields, conditions, acts on many."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import PAYMENT
from tests.api.human_tasks import ask, open_task
from weftline.model.ids import DEFAULT_TENANT

# several at each instant, a third not started, a third not ended; half of the ids do not follow the time
MADE = """
    INSERT INTO executions (tenant_id, id, workflow_id, version_number, status, input, tags, created_at, started_at,
                            completed_at)
    SELECT $1, md5(n::text)::uuid, CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, 1 + n % 2,
           (ARRAY['completed', 'pending', 'running'])[1 + n % 3], '{}', CASE WHEN n % 4 = 0 THEN ARRAY['fourth'] END,
           at,
           CASE WHEN n % 3 <> 1 THEN at + make_interval(secs => n % 5) END,
           CASE WHEN n % 3 = 0 THEN at + make_interval(secs => 5 + n % 7) END
    FROM (SELECT n, timestamptz '2026-03-01 00:00Z' + make_interval(mins => n / 4) AS at
          FROM generate_series(0, 29) AS n) AS made
"""
KEYS = ("createdAt", "startedAt", "completedAt", "executionTimeMs")


@pytest.fixture
async def thirty(api: Client, tenant: asyncpg.Connection) -> Client:
    """A tenant of thirty executions."""
    await tenant.execute(MADE, DEFAULT_TENANT)
    return api


async def all_pages(api: Client, path: str, limit: int, **params: Any) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await api.get(path, params={"limit": limit, **params, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) == limit or page["nextCursor"] is None
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        cursor = {"cursor": page["nextCursor"]}


@pytest.mark.parametrize("first", KEYS)
async def test_pages_hold_every_execution_once_in_the_order_that_is_asked_for(thirty: Client, first: str) -> None:
    everything = (await thirty.get("/executions", params={"limit": 200})).json()["items"]
    second = "createdAt" if first != "createdAt" else "startedAt"
    for sort in (first, f"-{first}", f"{first},{second}", f"-{first},{second}", f"{first},-{second}"):
        items = await all_pages(thirty, "/executions", 4, sort=sort)
        ids = [item["id"] for item in items]
        named = [first, second] if "," in sort else [first]
        assert len(ids) == len(set(ids)), sort
        assert set(ids) == {item["id"] for item in everything if None not in [item[key] for key in named]}, sort
        values = [item[first] for item in items]
        assert values == sorted(values, reverse=sort.startswith("-")), sort


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"versionNumber": 2}, lambda item: item["versionNumber"] == 2),
        ({"workflowId": "even", "status": ["running", "pending"]}, lambda item: item["workflowId"] == "even"),
        ({"tag": "fourth"}, lambda item: item["tags"] == ["fourth"]),
        ({"tag": "fourth", "sort": "-executionTimeMs"}, lambda item: item["tags"] == ["fourth"]),
        ({"startedAfter": "2026-03-01T00:03:00Z"}, lambda item: item["startedAt"] >= "2026-03-01T00:03:00Z"),
        ({"completedBefore": "2026-03-01T00:03:00Z"}, lambda item: item["completedAt"] < "2026-03-01T00:03:00Z"),
        (
            {"createdAfter": "2026-03-01T00:02:00Z", "completedBefore": "2026-03-01T00:05:00Z", "sort": "completedAt"},
            lambda item: item["createdAt"] >= "2026-03-01T00:02:00Z",
        ),
        ({"status": "running", "sort": "startedAt"}, lambda item: item["status"] == "running"),
        ({"startedBy": str(uuid4())}, lambda item: False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
async def test_filters_and_sorts_go_together(thirty: Client, params: dict[str, Any], fits: Any) -> None:
    items = await all_pages(thirty, "/executions", 3, **params)
    assert all(fits(item) for item in items)
    assert items or "startedBy" in params
    assert len({item["id"] for item in items}) == len(items)


async def test_what_has_not_ended_is_not_listed_where_the_end_is_sorted_by(thirty: Client) -> None:
    assert await all_pages(thirty, "/executions", 50, status="running", sort="-completedAt") == []


async def test_a_list_narrowed_down_by_a_time_is_sorted_by_it(thirty: Client) -> None:
    items = await all_pages(thirty, "/executions", 50, startedAfter="2026-03-01T00:03:00Z")
    starts = [item["startedAt"] for item in items]
    assert starts == sorted(starts, reverse=True)
    answer = await thirty.get("/executions", params={"startedAfter": "2026-03-01T00:00:00Z", "sort": "-createdAt"})
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["pointer"] == "/sort"
    assert "startedAt" in error["hint"]


async def test_a_cursor_belongs_to_its_sort(thirty: Client) -> None:
    cursor = (await thirty.get("/executions", params={"limit": 2})).json()["nextCursor"]
    problem(await thirty.get("/executions", params={"cursor": cursor, "sort": "createdAt"}), 400, "invalid_cursor")
    problem(await thirty.get("/workflows", params={"cursor": cursor}), 400, "invalid_cursor")
    assert (await thirty.get("/executions", params={"cursor": cursor, "sort": "-createdAt"})).status_code == 200


@pytest.mark.parametrize(
    ("params", "pointer", "told"),
    [
        ({"sort": "colour"}, "/sort", "executionTimeMs"),
        ({"sort": "createdAt,-createdAt"}, "/sort", "twice"),
        ({"sort": "createdAt,startedAt,completedAt"}, "/sort", "at most 2"),
        ({"colour": "red"}, "/colour", "workflowId"),
        ({"fields": "id,colour"}, "/fields", "workflowId"),
    ],
)
async def test_what_there_is_not_is_refused_with_what_there_is(
    api: Client, params: dict[str, str], pointer: str, told: str
) -> None:
    (error,) = problem(await api.get("/executions", params=params), 422, "invalid_request")["errors"]
    assert error["pointer"] == pointer
    assert told in error["message"] + (error["hint"] or "")


async def test_answers_hold_only_the_fields_that_are_asked_for(api: Client) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment")
    page = (await api.get("/executions", params={"fields": "id,status"})).json()
    assert page == {"items": [{"id": id, "status": "pending"}], "nextCursor": None}
    assert (await api.get(f"/executions/{id}", params={"fields": "workflowId"})).json() == {"workflowId": "payment"}
    assert (await api.get("/workflows/payment", params={"fields": "id"})).json() == {"id": "payment"}
    tenants = (await api.get("/tenants", params={"fields": "slug"})).json()
    assert tenants == [{"slug": "default"}]
    problem(await api.get(f"/executions/{id}", params={"fields": "colour"}), 422, "invalid_request")


async def test_what_the_caller_has_already_is_not_sent_again(api: Client) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment")
    for path in ("/workflows/payment", f"/executions/{id}", "/auth/me", "/workflows/payment/versions/1"):
        first = await api.get(path)
        again = await api.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"]), path
        assert (await api.get(path, headers={"If-None-Match": '"another"'})).status_code == 200
    tag = (await api.get(f"/executions/{id}")).headers["etag"]
    assert (await api.http.patch(f"/api/v1/executions/{id}", json={"tags": ["vip"]})).status_code == 200
    assert (await api.get(f"/executions/{id}", headers={"If-None-Match": tag})).status_code == 200


async def test_an_execution_is_edited_only_as_it_was_seen(api: Client) -> None:
    await api.publish(PAYMENT)
    path = f"/api/v1/executions/{await api.start('payment')}"
    seen = (await api.http.get(path)).headers["etag"]
    edited = await api.http.patch(path, json={"tags": ["mine"]}, headers={"If-Match": seen})
    assert edited.status_code == 200
    late = await api.http.patch(path, json={"tags": ["theirs"]}, headers={"If-Match": seen})
    problem(late, 412, "precondition_failed")
    assert (await api.http.get(path)).json()["tags"] == ["mine"]
    again = await api.http.patch(path, json={"priority": 7}, headers={"If-Match": edited.headers["etag"]})
    assert again.status_code == 200


async def test_who_may_use_a_workflow_is_said_only_as_it_was_seen(api: Client) -> None:
    await api.publish(PAYMENT)
    path = "/workflows/payment/permissions"
    seen = (await api.get(path)).headers["etag"]
    assert (await api.put(path, {"userIds": [], "roleIds": ["viewer"]}, headers={"If-Match": seen})).status_code == 200
    problem(await api.put(path, {"userIds": [], "roleIds": []}, headers={"If-Match": seen}), 412, "precondition_failed")
    assert (await api.get(path)).json()["roleIds"] == ["viewer"]


@pytest.mark.usefixtures("worker")
async def test_many_tasks_are_acted_on_each_by_itself(api: Client) -> None:
    first, second = await ask(api), await open_task(api)
    missing = str(uuid4())
    items = [
        {"act": "claim", "id": first["id"]},
        {"act": "claim", "id": missing},
        {"act": "complete", "id": second["id"], "outcome": "no such outcome"},
        {"act": "release", "id": first["id"]},
    ]
    answer = await api.post("/tasks/bulk", {"items": items})
    assert answer.status_code == 200, answer.text
    done = answer.json()["items"]
    assert [(each["index"], each["id"], each["status"]) for each in done] == [
        (0, first["id"], "done"),
        (1, missing, "refused"),
        (2, second["id"], "refused"),
        (3, first["id"], "done"),
    ]
    assert [each["error"] and each["error"]["code"] for each in done][:2] == [None, "task_not_found"]
    assert (await api.get(f"/tasks/{second['id']}")).json()["status"] == "open"


@pytest.mark.parametrize(
    "items", [[], [{"act": "burn", "id": str(uuid4())}], [{"act": "claim"}]], ids=["none", "no act", "no id"]
)
async def test_a_request_for_many_tasks_that_cannot_be_read_does_nothing(api: Client, items: list[Any]) -> None:
    problem(await api.post("/tasks/bulk", {"items": items}), 422, "invalid_request")
