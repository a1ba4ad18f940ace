"""Working copies: what people are at work on, saved whether complete or not."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.client import V1, Client, problem
from tests.api.definitions import GREETING
from tests.api.people import People
from tests.api.world import World
from tests.conftest import Connect
from weftline.api.app import Application, as_console
from weftline.features.working_copies import service
from weftline.model.ids import DEFAULT_TENANT

UNFINISHED: dict[str, Any] = {"id": "greeting", "nodes": [{"type": "nothing of the kind", "next": 3}, None]}
COPY = "/working-copies/greeting"


async def save(api: Client, definition: dict[str, Any] = UNFINISHED, path: str = COPY, **more: Any) -> httpx.Response:
    answer = await api.put(path, {"definition": definition, **more})
    assert answer.status_code == 200, answer.text
    return answer


async def told(tenant: asyncpg.Connection) -> list[tuple[str, str]]:
    """What the feed tells of workflows."""
    rows = await tenant.fetch("SELECT names, workflows FROM feed WHERE kind = 'workflows' ORDER BY number")
    return [(row["names"][0] if row["names"] else "workflow.published", row["workflows"][0]) for row in rows]


async def test_what_is_no_definition_yet_is_kept(api: Client) -> None:
    saved = await save(api, basedOnVersion=3, basedOnEtag="7")
    copy = (await api.get(COPY)).json()
    assert copy["definition"] == UNFINISHED
    assert (copy["basedOnVersion"], copy["basedOnEtag"]) == (3, "7")
    assert "definition" not in saved.json()
    problem(await api.get("/workflows/greeting"), 404, "workflow_not_found")


async def test_saving_again_replaces_it_and_removing_it_leaves_nothing(api: Client) -> None:
    await save(api)
    await save(api, {"nodes": []})
    assert (await api.get(COPY)).json()["definition"] == {"nodes": []}
    removed = await api.http.delete(V1 + COPY)
    assert removed.json()["definition"] == {"nodes": []}
    problem(await api.get(COPY), 404, "working_copy_not_found")
    problem(await api.http.delete(V1 + COPY), 404, "working_copy_not_found")


async def test_a_copy_that_was_saved_in_another_window_is_not_overwritten_unseen(api: Client) -> None:
    first = (await save(api)).headers["etag"]
    second = (await save(api, {"nodes": []})).headers["etag"]
    body = {"definition": {}}
    problem(await api.put(COPY, body, headers={"If-Match": first}), 412, "working_copy_changed")
    problem(await api.http.delete(V1 + COPY, headers={"If-Match": first}), 412, "working_copy_changed")
    problem(await api.put("/working-copies/other", body, headers={"If-Match": second}), 412, "working_copy_changed")
    assert (await api.put(COPY, body, headers={"If-Match": second})).status_code == 200
    assert (await api.get(COPY)).json()["definition"] == {}


async def test_of_many_windows_that_begin_one_alone_makes_the_working_copy(api: Client) -> None:
    first = {"If-None-Match": "*"}
    answers = await asyncio.gather(*(api.put(COPY, {"definition": {"n": n}}, headers=first) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]
    [made] = [n for n, answer in enumerate(answers) if answer.status_code == 200]
    assert (await api.get(COPY)).json()["definition"] == {"n": made}
    problem(await api.put(COPY, {"definition": {}}, headers={"If-None-Match": "x"}), 422, "invalid_request")


async def test_two_first_saves_at_once_leave_one_copy(api: Client) -> None:
    answers = await asyncio.gather(*(api.put(COPY, {"definition": {"n": n}}) for n in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len((await api.get("/working-copies")).json()["items"]) == 1


async def test_everybody_sees_who_is_at_work_and_only_their_own_content(api: Client, people: People) -> None:
    ann, bob = await people.join("ann", "author"), await people.join("bob", "author")
    await save(ann)
    await save(ann, {}, "/working-copies/other")
    await save(bob, {"of": "bob"})
    assert (await ann.get(COPY)).json()["definition"] == UNFINISHED
    assert (await bob.get(COPY)).json()["definition"] == {"of": "bob"}
    own = (await ann.get("/working-copies")).json()["items"]
    assert [(each["workflowId"], each["isOwn"]) for each in own] == [("other", True), ("greeting", True)]
    answer = await ann.get("/working-copies", params={"workflowId": "greeting", "sort": "createdAt"})
    assert [(each["ownerName"], each["isOwn"]) for each in answer.json()["items"]] == [("ann", True), ("bob", False)]
    assert "definition" not in answer.json()["items"][0]
    assert (await api.get("/working-copies")).json()["items"] == []


async def test_whoever_may_not_change_a_workflow_keeps_no_copy_of_it(api: Client, people: People) -> None:
    await api.publish(GREETING)
    viewer, ann = await people.join("vic", "viewer"), await people.join("ann")
    problem(await viewer.put(COPY, {"definition": {}}), 403, "permission_denied")
    assert (await viewer.get("/working-copies", params={"workflowId": "greeting"})).status_code == 200
    grant = {"subjectType": "user", "subjectId": str(ann.id), "permissions": ["workflow:read", "workflow:write"]}
    assert (await api.post("/grants", {**grant, "workflowId": "greeting"})).status_code == 201
    await save(ann)
    problem(await ann.put("/working-copies/other", {"definition": {}}), 403, "permission_denied")
    problem(await ann.get("/working-copies", params={"workflowId": "other"}), 403, "permission_denied")


async def test_only_members_keep_working_copies(application: Application) -> None:
    assert application.services is not None
    console = application.acting_as(await as_console(application.services, "default"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(console), base_url="http://localhost") as http:
        answer = await http.put(V1 + COPY, json={"definition": {}})
        problem(answer, 403, "working_copy_needs_member")
        problem(await http.get(f"{V1}/working-copies"), 403, "working_copy_needs_member")


async def test_an_operator_who_visits_a_tenant_keeps_no_working_copy_there(world: World) -> None:
    await world.found("acme")
    entered = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    problem(await visitor.put(COPY, {"definition": {}}), 403, "working_copy_needs_member")


async def test_one_person_has_so_many_copies_and_no_more(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_COPIES", 1)
    await save(api)
    problem(await api.put("/working-copies/other", {"definition": {}}), 409, "too_many_working_copies")
    await save(api)


async def test_who_follows_a_workflow_is_told_that_somebody_edits_it_but_not_each_time_that_it_is_saved(
    api: Client, tenant: asyncpg.Connection, connect: Connect
) -> None:
    await save(api)
    await save(api, {})
    assert await told(tenant) == [("workflow.edited", "greeting")]
    earlier = "UPDATE working_copies SET updated_at = now() - interval '2 minutes'"
    assert await (await connect("weft_api", DEFAULT_TENANT)).execute(earlier) == "UPDATE 1"
    await save(api)
    assert await told(tenant) == [("workflow.edited", "greeting")] * 2
    assert (await api.http.delete(V1 + COPY)).status_code == 200
    assert len(await told(tenant)) == 3


async def test_who_follows_a_workflow_is_told_that_its_draft_has_changed(
    api: Client, tenant: asyncpg.Connection
) -> None:
    await api.post("/workflows", GREETING)
    await api.put("/workflows/greeting", GREETING)
    assert await told(tenant) == [("workflow.changed", "greeting")]
    await api.put("/workflows/greeting", {**GREETING, "name": "Hello"})
    await api.post("/workflows/greeting/publish")
    await api.put("/workflows/greeting", {**GREETING, "name": "Hi"})
    assert [kind for kind, _ in await told(tenant)][1:] == [
        "workflow.changed",
        "workflow.published",
        "workflow.changed",
    ]


async def test_the_audit_log_tells_that_somebody_began_and_gave_up(api: Client) -> None:
    await save(api)
    await save(api, {})
    await api.http.delete(V1 + COPY)
    entries = (await api.get("/audit", params={"action": "working-copy."})).json()["items"]
    assert [each["action"] for each in entries] == ["working-copy.removed", "working-copy.created"]


async def test_a_copy_goes_with_its_owners_membership(api: Client, people: People, connect: Connect) -> None:
    ann = await people.join("ann", "author")
    await save(ann)
    copies = await connect("weft_api", DEFAULT_TENANT)
    assert await copies.fetchval("SELECT count(*) FROM working_copies") == 1
    removed = await api.http.delete(f"{V1}/users/{ann.id}")
    assert removed.status_code == 200, removed.text
    assert await copies.fetchval("SELECT count(*) FROM working_copies") == 0


async def test_what_is_kept_in_one_tenant_is_not_there_in_another(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    await save(acme)
    problem(await umbrella.get(COPY), 404, "working_copy_not_found")
    problem(await umbrella.delete(COPY), 404, "working_copy_not_found")
    assert (await umbrella.get("/working-copies", params={"workflowId": "greeting"})).json()["items"] == []
    await save(umbrella, {"of": "umbrella"})
    assert (await acme.get(COPY)).json()["definition"] == UNFINISHED
