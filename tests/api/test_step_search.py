"""Step executions over HTTP: an execution's own, page by page, and a search across executions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import Client, problem
from tests.api.definitions import FORK, GREETING, PAYMENT, changed
from tests.api.people import People
from weftline.api.app import Application
from weftline.engine.worker import Worker
from weftline.features.executions import step_reader

REFUSING: dict[str, Any] = {
    "id": "refusing",
    "nodes": [
        {"id": "start", "type": "start", "next": "refuse"},
        {"id": "refuse", "type": "fail", "code": "too_late", "message": "Too late"},
    ],
}


async def search(api: Client, **params: Any) -> list[tuple[str, str]]:
    """Ids of executions and steps that a search finds, all its pages together."""
    found: list[tuple[str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await api.get("/step-executions", params={**params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= params.get("limit", 50)
        found += [(item["executionId"], item["stepId"]) for item in page["items"]]
        cursor = page["nextCursor"]
    return found


async def refresh(application: Application) -> None:
    """Let the application notice at once what it would notice within a second."""
    assert application.services is not None
    await application.services.cache.refresh()


async def greeted(api: Client, *names: str) -> list[str]:
    """Executions that have greeted somebody, the newest first."""
    await api.publish(GREETING)
    ids = [await api.start("greeting", {"name": name}) for name in names]
    for id in ids:
        await api.when_status(id, "completed")
    return list(reversed(ids))


async def test_steps_are_found_by_what_they_are_and_how_they_ended(api: Client, worker: Worker) -> None:
    [hello] = await greeted(api, "Ada")
    await api.publish(PAYMENT)
    await api.publish(REFUSING)
    waiting, failed = await api.start("payment", {"order": "1"}), await api.start("refusing")
    await api.when_status(waiting, "waiting")
    await api.when_status(failed, "failed")
    assert await search(api) == [
        (failed, "start"),
        (failed, "refuse"),
        (waiting, "start"),
        (waiting, "pay"),
        (hello, "start"),
        (hello, "greet"),
        (hello, "end"),
    ]
    assert await search(api, workflowId="payment", stepId="start") == [(waiting, "start")]
    assert await search(api, executionId=hello, stepType="action") == [(hello, "greet")]
    assert await search(api, status=["waiting", "failed"]) == [(failed, "refuse"), (waiting, "pay")]
    assert await search(api, errorCode="too_late") == [(failed, "refuse")]
    [greet] = (await api.get("/step-executions", params={"stepId": "greet"})).json()["items"]
    assert (greet["workflowId"], greet["versionNumber"], greet["stepName"]) == ("greeting", 1, "Greet")
    assert (greet["input"], greet["output"], greet["retryCount"]) == ({"text": "Hello Ada"}, {"text": "Hello Ada"}, 0)


async def test_steps_are_found_by_when_they_began(api: Client, worker: Worker) -> None:
    [first] = await greeted(api, "Ada")
    second = await api.start("greeting", {"name": "Grace"})
    await api.when_status(second, "completed")
    [start, *_] = (await api.get(f"/executions/{second}/steps")).json()["items"]
    began = start["startedAt"]
    assert {id for id, _ in await search(api, startedBefore=began)} == {first}
    assert {id for id, _ in await search(api, startedAfter=began)} == {second}
    assert await search(api, startedAfter=began, startedBefore=began) == []


async def test_a_search_goes_on_where_its_page_ended(
    api: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await greeted(api, "Ada", "Grace", "Edith")
    everything = await search(api)
    assert len(everything) == 9
    for limit in (1, 2, 3, 4):
        assert await search(api, limit=limit) == everything
    # what one request looks at is bounded, whatever it finds
    monkeypatch.setattr("weftline.features.executions.step_rest.MAX_EXECUTIONS", 1)
    monkeypatch.setattr(step_reader, "MAX_EXECUTIONS", 1)
    assert await search(api) == everything
    empty = (await api.get("/step-executions", params={"stepId": "nothing"})).json()
    assert (empty["items"], empty["nextCursor"] is None) == ([], False)
    assert await search(api, stepId="nothing") == []
    monkeypatch.undo()
    monkeypatch.setattr(step_reader, "MAX_EVENTS", 1)
    assert await search(api) == everything
    assert len((await api.get("/step-executions")).json()["items"]) == 3


async def test_an_execution_with_too_long_a_log_is_named_instead(
    api: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    [id] = await greeted(api, "Ada")
    monkeypatch.setattr(step_reader, "EVENTS_AT_ONCE", 2)
    monkeypatch.setattr(step_reader, "LONGEST_LOG", 2)
    found = (await api.get("/step-executions")).json()
    assert (found["items"], found["skipped"], found["nextCursor"]) == ([], [id], None)
    assert len((await api.get(f"/executions/{id}/steps")).json()["items"]) == 3


async def test_a_search_shows_what_one_may_see(
    api: Client, worker: Worker, people: People, application: Application
) -> None:
    [hello] = await greeted(api, "Ada")
    await api.publish(changed(GREETING, id="secret"))
    hidden = await api.start("secret", {"name": "Eve"})
    await api.when_status(hidden, "completed")
    guest = await people.join("gwen")
    problem(await guest.get("/step-executions"), 403, "permission_denied")
    await people.grant(guest, "greeting", "execution:read")
    assert {id for id, _ in await search(guest)} == {hello}
    forbidding = 'forbid(principal, action == Action::"execution:read", resource in Workflow::"secret");'
    assert (await api.post("/policies", {"name": "secret", "source": forbidding})).status_code == 201
    await refresh(application)
    assert {id for id, _ in await search(api)} == {hello}


async def test_what_is_masked_is_neither_shown_nor_searched(
    api: Client, worker: Worker, people: People, application: Application
) -> None:
    await api.publish(REFUSING)
    await api.when_status(await api.start("refusing"), "failed")
    rule = {"field": "code", "effect": "hide", "workflowId": "refusing", "visibleTo": ["admin"]}
    vera = await people.join("vera", "viewer")
    assert len(await search(vera, errorCode="too_late")) == 1
    answer = await api.post("/field-rules", rule)
    assert answer.status_code == 201, answer.text
    await refresh(application)
    assert await search(vera, errorCode="too_late") == []
    assert len(await search(api, errorCode="too_late")) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIl0", "WyJhIiwiMSJd"])
async def test_a_cursor_of_another_list_is_refused(api: Client, cursor: str) -> None:
    problem(await api.get("/step-executions", params={"cursor": cursor}), 400, "invalid_cursor")


async def test_an_executions_steps_are_paged_in_the_order_in_which_they_began(api: Client, worker: Worker) -> None:
    await api.publish(FORK)
    id = await api.start("fork")
    await api.when_status(id, "completed")
    whole = (await api.get(f"/executions/{id}/steps")).json()
    assert whole["nextCursor"] is None
    paged: list[Any] = []
    cursor: str | None = None
    while len(paged) == 0 or cursor is not None:
        params = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = (await api.get(f"/executions/{id}/steps", params=params)).json()
        assert len(page["items"]) in (1, 2)
        paged += page["items"]
        cursor = page["nextCursor"]
    assert paged == whole["items"]
    assert [step["stepId"] for step in paged] == ["start", "both", "left", "right", "end"]


async def test_the_definition_that_an_execution_runs_stays_readable(api: Client, people: People) -> None:
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    await api.put("/workflows/greeting", changed(GREETING, name="Salute"))
    await api.post("/workflows/greeting/publish")
    await api.post("/workflows/greeting/archive")
    version = (await api.get(f"/executions/{id}/definition")).json()
    assert (version["templateId"], version["versionNumber"], version["definition"]) == ("greeting", 1, GREETING)
    gwen = await people.join("gwen")
    await people.grant(gwen, "greeting", "execution:read")
    problem(await gwen.get(f"/executions/{id}/definition"), 403, "permission_denied")
