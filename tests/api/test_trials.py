"""Trials of definitions over HTTP."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import APPROVAL, GREETING, PAYMENT
from tests.api.people import People
from weftline.api.app import Application
from weftline.features.trials import helpers
from weftline.testing.trial import example_of

CHARGE: dict[str, Any] = {
    "id": "charge",
    "nodes": [
        {
            "id": "charge",
            "type": "action",
            "action": "echo",
            "retry": {"maxAttempts": 3, "initialInterval": "10s", "jitter": 0},
            "output": {"receipt": "${ result.receipt }"},
            "next": "wait",
        },
        {"id": "wait", "type": "wait", "duration": "3d", "next": "tell"},
        {"id": "tell", "type": "emit", "event": "charged", "payload": {"receipt": "${ receipt }"}},
    ],
}
ENDLESS: dict[str, Any] = {
    "id": "endless",
    "nodes": [
        {"id": "round", "type": "loop", "while": "true", "maxIterations": 1_000_000, "do": "set"},
        {"id": "set", "type": "set", "values": {"n": "${ index }"}},
    ],
}


async def tried(api: Client, definition: dict[str, Any], input: dict[str, Any] | None = None, **more: Any) -> Any:
    answer = await api.post("/workflows/trial", {"definition": definition, "input": input or {}, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_definition_is_tried_out_and_nothing_is_stored(api: Client, tenant: asyncpg.Connection) -> None:
    trial = await tried(api, GREETING, {"name": "Ada"})
    assert (trial["status"], trial["output"], trial["stopped"]) == ("completed", {"text": "Hello Ada"}, None)
    assert trial["events"][-1]["type"] == "WORKFLOW_COMPLETED"
    assert trial["unmocked"] == trial["waitingFor"] == []
    for table in ("executions", "events", "workflow_templates"):
        assert await tenant.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_its_log_is_that_of_an_execution(api: Client, worker: Any) -> None:
    trial = await tried(api, GREETING, {"name": "Ada"})
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    await api.when_status(id, "completed")
    log = (await api.get(f"/executions/{id}/events")).json()["items"]
    assert [(each["type"], each["stepId"]) for each in trial["events"]] == [
        (each["type"], each["stepId"]) for each in log
    ]


async def test_mocks_fail_and_succeed_and_the_clock_jumps(api: Client) -> None:
    sequence = [{"error": "card_declined"}, {"error": {"code": "busy"}}, {"output": {"receipt": "R-1"}, "takes": "5s"}]
    trial = await tried(api, CHARGE, mocks={"charge": {"sequence": sequence}}, startsAt="2026-03-01T09:00:00Z")
    assert trial["status"] == "completed"
    # 10 s and 20 s between the attempts, 5 s for the last, three days of waiting
    assert trial["endsAt"] == "2026-03-04T09:00:35Z"
    assert [each["type"] for each in trial["events"]].count("STEP_RETRY_SCHEDULED") == 2
    assert [(each["name"], each["payload"]) for each in trial["emitted"]] == [("charged", {"receipt": "R-1"})]


async def test_an_action_of_which_nothing_is_said_is_made_up_and_told_of(api: Client, monkeypatch: Any) -> None:
    definition = {
        "id": "x",
        "nodes": [
            {"id": "ask", "type": "action", "action": "score", "queue": "risk", "next": "kyc"},
            {"id": "kyc", "type": "subworkflow", "workflow": "kyc-check"},
        ],
    }
    trial = await tried(api, definition)
    assert trial["status"] == "completed"
    assert trial["unmocked"] == [{"name": "score", "stepId": "ask"}, {"name": "kyc-check", "stepId": "kyc"}]
    mocked = await tried(api, definition, mocks={"score": {"output": 3}, "kyc": {"output": {"passed": True}}})
    assert (mocked["unmocked"], mocked["output"]) == ([], {"passed": True})


async def test_it_waits_for_people_who_do_not_answer_and_goes_on_with_those_who_do(api: Client) -> None:
    input = {"reviewers": ["ann"]}
    trial = await tried(api, APPROVAL, input)
    assert trial["status"] == "waiting"
    (waiting,) = trial["waitingFor"]
    assert (waiting["stepId"], waiting["kind"], waiting["outcomes"]) == ("approve", "task", ["yes", "no"])
    answers = {"approve": {"outcome": "no", "data": {"note": "too dear"}}}
    refused = await tried(api, APPROVAL, input, answers=answers)
    assert (refused["status"], refused["data"]["refused"]) == ("completed", True)


async def test_it_waits_for_an_event_and_goes_on_when_that_comes(api: Client) -> None:
    trial = await tried(api, PAYMENT, {"order": "A-1"})
    (waiting,) = trial["waitingFor"]
    assert (waiting["kind"], waiting["event"], waiting["correlation"]) == ("event", "paid", "A-1")
    for event in (
        {"name": "paid", "payload": {"amount": 5}},
        {"name": "paid", "correlation": "A-1", "payload": {"amount": 5}},
    ):
        paid = await tried(api, PAYMENT, {"order": "A-1"}, events=[event])
        assert (paid["status"], paid["data"]["amount"]) == ("completed", 5)
    other = await tried(api, PAYMENT, {"order": "A-1"}, signals=[{"name": "paid", "correlation": "B-2"}])
    assert other["status"] == "waiting"


async def test_it_stops_where_it_is_told_to(api: Client) -> None:
    mocks = {"echo": {"output": {"receipt": "R-1"}}}
    trial = await tried(api, CHARGE, mocks={"charge": mocks["echo"]}, until="1d", startsAt="2026-03-01T09:00:00Z")
    assert (trial["status"], trial["stopped"], trial["endsAt"]) == ("waiting", "until", "2026-03-02T09:00:00Z")
    (waiting,) = trial["waitingFor"]
    assert (waiting["kind"], waiting["dueAt"]) == ("timer", "2026-03-04T09:00:00Z")
    short = await tried(api, CHARGE, mocks={"charge": mocks["echo"]}, maxSteps=1)
    assert short["stopped"] == "steps"


async def test_variables_are_those_of_the_tenant_but_secrets_have_no_values(api: Client) -> None:
    for key, type, value in (("CURRENCY", "STRING", "EUR"), ("API_KEY", "SECRET", "sesame")):
        assert (await api.post("/variables", {"key": key, "type": type, "value": value})).status_code == 201
    step = {
        "id": "a",
        "type": "action",
        "action": "echo",
        "input": {"c": "${ vars.CURRENCY }", "k": "${ vars.API_KEY }"},
    }
    answer = await api.post("/workflows/trial", {"definition": {"id": "x", "nodes": [step]}})
    assert "sesame" not in answer.text
    assert answer.json()["output"]["c"] == "EUR"
    other = await tried(api, {"id": "x", "nodes": [step]}, variables={"CURRENCY": "CHF"})
    assert other["output"]["c"] == "CHF"


async def test_what_cannot_be_tried_is_refused_with_the_reason(api: Client) -> None:
    invalid = {"id": "x", "nodes": [{"id": "a", "type": "start", "next": "b"}]}
    answer = problem(await api.post("/workflows/trial", {"definition": invalid}), 422, "invalid_definition")
    validated = (await api.post("/workflows/validate", invalid)).json()["problems"]
    assert [each["pointer"] for each in answer["errors"]] == [each["pointer"] for each in validated]
    answer = problem(await api.post("/workflows/trial", {"definition": GREETING}), 422, "invalid_input")
    assert answer["errors"][0]["pointer"] == "/input"
    body = {"definition": APPROVAL, "input": {"reviewers": []}, "answers": {"approve": {"outcome": "maybe"}}}
    assert "maybe" in problem(await api.post("/workflows/trial", body), 422, "invalid_trial")["detail"]
    body = {"definition": GREETING, "input": {"name": "Ada"}, "until": "soon"}
    problem(await api.post("/workflows/trial", body), 422, "invalid_request")


async def test_what_goes_round_for_ever_is_ended_while_everything_else_is_answered(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helpers, "GRACE_SECONDS", -1.5)
    await tried(api, GREETING, {"name": "Ada"})
    trial = asyncio.create_task(api.post("/workflows/trial", {"definition": ENDLESS}))
    longest = 0.0
    while not trial.done():
        began = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - began)
    problem(await trial, 422, "trial_too_large")
    assert longest < 0.4
    assert (await tried(api, GREETING, {"name": "Ada"}))["status"] == "completed"


async def test_processes_of_trials_end_with_the_application(api: Client, application: Application) -> None:
    await tried(api, GREETING, {"name": "Ada"})
    assert application.services is not None
    pool: Any = application.services.trials._helpers
    (helper,) = pool._idle
    await pool.close()
    assert helper.returncode is not None


async def test_whoever_may_not_change_workflows_tries_nothing_out(people: People) -> None:
    viewer = await people.join("vic", "viewer")
    problem(await viewer.post("/workflows/trial", {"definition": GREETING}), 403, "permission_denied")


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        (None, None),
        ({"type": "string"}, "text"),
        ({"type": ["integer", "null"], "minimum": 3}, 3),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "object", "properties": {"n": {"type": "array", "items": {"default": 7}}}}, {"n": [7]}),
        ({"type": "boolean"}, True),
        ({}, None),
    ],
)
def test_what_an_action_gives_is_made_up_from_its_schema(schema: Any, example: Any) -> None:
    assert example_of(schema) == example
