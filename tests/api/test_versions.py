"""Versions of workflows over HTTP: going back, comparing, retiring, and what starts what."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING, PAYMENT, changed
from tests.api.people import People
from weftline.engine.worker import Worker

SALUTE = changed(GREETING, name="Salute", version="2.0.0")


def calling(id: str, *targets: dict[str, Any]) -> dict[str, Any]:
    """A workflow that starts others, one after the other."""
    nodes = [{"id": f"call-{n}", "type": "subworkflow", **target} for n, target in enumerate(targets)]
    for node, following in itertools.pairwise(nodes):
        node["next"] = following["id"]
    return {"id": id, "nodes": nodes or [{"id": "end", "type": "end"}]}


async def publish_again(api: Client, definition: dict[str, Any]) -> dict[str, Any]:
    assert (await api.put(f"/workflows/{definition['id']}", definition)).status_code == 200
    answer = await api.post(f"/workflows/{definition['id']}/publish")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def status(api: Client) -> tuple[str, bool]:
    workflow = (await api.get("/workflows/greeting")).json()
    return workflow["status"], workflow["isActive"]


# --- statuses ---------------------------------------------------------------------------------------------------------


async def test_a_deprecated_workflow_starts_executions_and_says_so(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    start = {"input": {"name": "Ada"}}
    assert "workflow-deprecated" not in (await api.post("/workflows/greeting/executions", start)).headers
    assert (await api.post("/workflows/greeting/deprecate", {"reason": "Old"})).json()["status"] == "DEPRECATED"
    for path in ("/workflows/greeting/executions", "/workflows/greeting/executions?wait=10"):
        answer = await api.post(path, start)
        assert answer.is_success
        assert answer.headers["workflow-deprecated"] == "true"
    assert (await publish_again(api, SALUTE))["versionNumber"] == 2
    assert await status(api) == ("DEPRECATED", True)
    [entry] = (await api.get("/audit", params={"action": "workflow.deprecated"})).json()["items"]
    assert (entry["before"], entry["after"], entry["reason"]) == (
        {"status": "PUBLISHED"},
        {"status": "DEPRECATED"},
        "Old",
    )


async def test_an_archived_workflow_starts_nothing_and_what_runs_goes_on(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "1"})
    await api.when_status(id, "waiting")
    archived = (await api.post("/workflows/payment/archive")).json()
    assert (archived["status"], archived["isActive"]) == ("ARCHIVED", False)
    for path in ("/workflows/payment/executions", "/workflows/payment/executions/batch"):
        problem(await api.post(path, {"input": {"order": "2"}}), 409, "workflow_archived")
    await api.post(f"/executions/{id}/signals", {"name": "paid", "payload": {"amount": 1}})
    await api.when_status(id, "completed")
    assert (await api.post("/workflows/payment/restore")).json()["status"] == "PUBLISHED"
    await api.start("payment", {"order": "3"})


async def test_an_archived_workflow_is_shown_where_asked_for(api: Client) -> None:
    await api.publish(GREETING)
    await api.publish(PAYMENT)
    await api.post("/workflows/greeting/archive")

    async def listed(**params: object) -> list[str]:
        return [each["id"] for each in (await api.get("/workflows", params=params)).json()["items"]]

    assert await listed() == ["payment"]
    assert await listed(status="ARCHIVED") == ["greeting"]
    assert await listed(status=["ARCHIVED", "PUBLISHED"]) == ["greeting", "payment"]
    assert (await api.get("/workflows/greeting")).status_code == 200


async def test_an_archived_workflow_changes_only_by_being_restored(api: Client) -> None:
    await api.post("/workflows", GREETING)
    await api.post("/workflows/greeting/archive")
    problem(await api.put("/workflows/greeting", SALUTE), 409, "workflow_archived")
    problem(await api.post("/workflows/greeting/publish"), 409, "workflow_archived")
    problem(await api.post("/workflows/greeting/deprecate"), 409, "wrong_status")
    await api.post("/workflows/greeting/restore")
    assert await status(api) == ("DRAFT", True)


async def test_moves_are_safe_to_repeat_and_only_legal_ones_are_made(api: Client) -> None:
    await api.post("/workflows", GREETING)
    problem(await api.post("/workflows/greeting/deprecate"), 409, "wrong_status")
    await api.post("/workflows/greeting/publish")
    once, again = [await api.post("/workflows/greeting/deprecate") for _ in range(2)]
    assert once.json() == again.json()
    assert once.headers["etag"] == again.headers["etag"]
    await api.post("/workflows/greeting/archive")
    await api.post("/workflows/greeting/restore")
    assert await status(api) == ("PUBLISHED", True)
    problem(await api.post("/workflows/nothing/archive"), 404, "workflow_not_found")


async def test_a_move_or_publication_is_refused_where_somebody_else_was_faster(api: Client) -> None:
    etag = (await api.post("/workflows", GREETING)).headers["etag"]
    await api.put("/workflows/greeting", SALUTE)
    for act in ("publish", "archive", "restore", "deprecate"):
        answer = await api.post(f"/workflows/greeting/{act}", headers={"if-match": etag})
        problem(answer, 412, "workflow_changed")
    etag = (await api.get("/workflows/greeting")).headers["etag"]
    published = await api.post("/workflows/greeting/publish", headers={"if-match": etag})
    assert published.headers["etag"] != etag


async def test_who_may_only_look_retires_nothing(api: Client, people: People) -> None:
    await api.publish(GREETING)
    viewer = await people.join("vera", "viewer")
    for act in ("deprecate", "archive", "restore", "versions/1/rollback"):
        problem(await viewer.post(f"/workflows/greeting/{act}"), 403, "permission_denied")
    assert (await viewer.get("/workflows/greeting/versions/diff")).status_code == 200


# --- going back -------------------------------------------------------------------------------------------------------


async def test_going_back_publishes_the_earlier_definition_anew(api: Client) -> None:
    await api.publish(GREETING)
    await publish_again(api, SALUTE)
    answer = await api.post("/workflows/greeting/versions/1/rollback", {"changeDescription": "Confusing"})
    version = answer.json()
    assert (version["versionNumber"], version["rollbackOf"], version["isRollbackVersion"]) == (3, 1, True)
    assert (version["isActive"], version["changeDescription"], version["label"]) == (True, "Confusing", "1.0.0")
    assert version["definition"] == GREETING
    workflow = (await api.get("/workflows/greeting")).json()
    assert (workflow["name"], workflow["latestVersion"], workflow["publishedVersion"]) == ("Greeting", 3, 3)
    versions = (await api.get("/workflows/greeting/versions")).json()["items"]
    assert [(each["versionNumber"], each["isActive"]) for each in versions] == [(3, True), (2, False), (1, False)]
    again = await api.post("/workflows/greeting/versions/1/rollback")
    assert again.json() == version


async def test_a_draft_is_kept_when_one_goes_back(api: Client) -> None:
    await api.publish(GREETING)
    await publish_again(api, SALUTE)
    draft = changed(GREETING, name="Hail")
    await api.put("/workflows/greeting", draft)
    assert (await api.post("/workflows/greeting/versions/1/rollback")).json()["versionNumber"] == 4
    kept = (await api.get("/workflows/greeting/versions/3")).json()
    assert (kept["status"], kept["definition"]) == ("DRAFT", draft)


async def test_one_goes_back_only_to_what_ran(api: Client) -> None:
    await api.publish(GREETING)
    await api.put("/workflows/greeting", SALUTE)
    problem(await api.post("/workflows/greeting/versions/2/rollback"), 409, "version_not_published")
    problem(await api.post("/workflows/greeting/versions/3/rollback"), 404, "version_not_found")
    problem(await api.post("/workflows/nothing/versions/1/rollback"), 404, "workflow_not_found")


# --- comparing --------------------------------------------------------------------------------------------------------


async def test_two_versions_are_compared_place_by_place(api: Client) -> None:
    await api.publish(GREETING)
    nodes = [
        {"id": "end", "type": "end"},
        {"id": "greet", "type": "action", "action": "echo", "input": {"text": "Hi ${ name }"}, "next": ["end"]},
        {"id": "start", "type": "start", "next": "greet", "ui": {"x": 1}},
    ]
    await publish_again(api, changed(SALUTE, nodes=nodes, settings={"timeout": "1h"}))
    diff = (await api.get("/workflows/greeting/versions/diff", params={"from": 1, "to": 2})).json()
    assert (diff["from"], diff["to"], diff["isEmpty"]) == (1, 2, False)
    assert diff["nodes"]["added"] == diff["nodes"]["removed"] == diff["nodes"]["renamed"] == []
    assert diff["nodes"]["changed"] == [
        {
            "id": "greet",
            "fields": [
                {"path": "/input/text", "change": "changed", "before": "Hello ${ name }", "after": "Hi ${ name }"},
                {"path": "/name", "change": "removed", "before": "Greet", "after": None},
            ],
        }
    ]
    assert diff["settings"] == [{"path": "/timeout", "change": "added", "before": None, "after": "1h"}]
    assert [each["path"] for each in diff["other"]] == ["/name", "/version"]
    assert (await api.get("/workflows/greeting/versions/diff")).json() == diff
    same = (await api.get("/workflows/greeting/versions/diff", params={"from": 2, "to": 2})).json()
    assert same["isEmpty"] is True
    problem(await api.get("/workflows/greeting/versions/diff", params={"to": 3}), 404, "version_not_found")


# --- what starts what -------------------------------------------------------------------------------------------------


async def test_what_would_start_itself_by_way_of_others_is_not_published(api: Client) -> None:
    await api.publish(calling("a"))
    await api.publish(calling("b", {"workflow": "a"}))
    await api.publish(calling("c", {"workflow": "b"}))
    await api.put("/workflows/a", calling("a", {"workflow": "b", "version": 1}, {"workflow": "c"}))
    document = problem(await api.post("/workflows/a/publish"), 422, "invalid_definition")
    assert {error["pointer"]: error["code"] for error in document["errors"]} == {
        "/nodes/0/workflow": "subworkflow_cycle",
        "/nodes/1/workflow": "subworkflow_cycle",
    }
    assert "a → c → b → a" in document["errors"][1]["message"]
    assert (await api.get("/workflows/a")).json()["publishedVersion"] == 1


async def test_an_earlier_version_that_starts_nothing_may_be_started(api: Client) -> None:
    await api.publish(calling("a"))
    await api.publish(calling("b", {"workflow": "a", "version": 1}))
    assert (await publish_again(api, calling("a", {"workflow": "b"})))["warnings"] == []


async def test_what_is_not_there_yet_is_remarked_upon(api: Client) -> None:
    await api.post("/workflows", calling("a", {"workflow": "later"}))
    published = (await api.post("/workflows/a/publish")).json()
    [warning] = published["warnings"]
    assert (warning["pointer"], warning["code"]) == ("/nodes/0/workflow", "unknown_workflow")


async def test_a_fallback_that_leads_back_is_a_cycle_too(api: Client) -> None:
    await api.publish(calling("a"))
    await api.publish(calling("b", {"workflow": "a"}))
    handling = {"errorHandling": {"strategy": "fallback", "fallbackWorkflow": "b"}}
    await api.put("/workflows/a", changed(calling("a"), settings=handling))
    document = problem(await api.post("/workflows/a/publish"), 422, "invalid_definition")
    assert document["errors"][0]["pointer"] == "/settings/errorHandling/fallbackWorkflow"


async def test_of_two_that_are_published_at_once_one_finds_the_cycle(api: Client) -> None:
    await api.post("/workflows", calling("a", {"workflow": "b"}))
    await api.post("/workflows", calling("b", {"workflow": "a"}))
    answers = await asyncio.gather(*(api.post(f"/workflows/{id}/publish") for id in ("a", "b")))
    assert sorted(answer.status_code for answer in answers) == [200, 422]


@pytest.mark.parametrize("query", [{"from": 0}, {"to": "x"}, {"since": 1}])
async def test_a_comparison_of_no_versions_is_refused(api: Client, query: dict[str, Any]) -> None:
    await api.publish(GREETING)
    assert (await api.get("/workflows/greeting/versions/diff", params=query)).status_code == 422
