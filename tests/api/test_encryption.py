"""Encrypted workflows: nothing that their executions carry can be read in the database, and the API shows all of it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.typing import EventDict

from tests.api.client import PATIENCE, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.ledger import Ledger, step, undoable
from weftline.api.app import Application
from weftline.engine.worker import Worker

SECRET = "Lovelace-10-12-1815"
"""What must not be found."""

QUICK = {"maxAttempts": 2, "initialInterval": "10ms"}

CHILD: dict[str, Any] = {
    "id": "child",
    "nodes": [{"id": "say", "type": "set", "values": {"said": "${ input.who }"}}],
    "output": {"said": "${ data.said }"},
}
"""Says nothing of encryption: it takes that from whoever starts it."""


def story_of(id: str, **settings: Any) -> dict[str, Any]:
    """A workflow that hands its input to everything there is."""
    return {
        "id": id,
        "settings": {
            **settings,
            "errorHandling": {"notifications": [{"type": "email", "recipients": "ops@example.org"}]},
        },
        "nodes": [
            {"id": "each", "type": "loop", "forEach": "${ input.items }", "do": "call", "next": "ask-child"},
            {"id": "call", "type": "action", "action": "echo", "input": {"item": "${ item }"}},
            {"id": "ask-child", "type": "subworkflow", "workflow": "child", "input": {"who": "${ input.who }"}}
            | {"next": "book"},
            undoable("book", input="${ input.who }", next="tell"),
            {"id": "tell", "type": "emit", "event": "told", "payload": {"who": "${ input.who }"}, "next": "hear"},
            {"id": "hear", "type": "wait", "event": "said", "output": {"heard": "${ result }"}, "next": "approve"},
            {
                "id": "approve",
                "type": "approval",
                "form": {"type": "object", "properties": {"note": {"type": "string"}}},
                "next": "send",
            },
            step("send", input="${ input.who }", retry=QUICK, next="end"),
            {"id": "end", "type": "end"},
        ],
        "output": {"who": "${ input.who }", "heard": "${ data.heard }"},
    }


async def story(api: Client, ledger: Ledger, workflow: str) -> list[Any]:
    """Let an execution live through much, and return what the API shows of it."""
    ledger.down = {"send"}
    seen: list[Any] = []

    async def look(path: str, **params: Any) -> Any:
        answer = await api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        seen.append(answer.json())
        return answer.json()

    async def act(path: str, body: Any = None) -> Any:
        answer = await api.post(path, body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    listener = await api.start(f"{workflow}-listener", {"who": SECRET})
    await api.when(listener, lambda execution: execution["currentSteps"] == ["listen"])
    id = await api.start(workflow, {"who": SECRET, "items": [SECRET, SECRET]})
    await api.when(id, lambda execution: execution["currentSteps"] == ["hear"])
    await api.when_status(listener, "completed")
    await look(f"/executions/{listener}")
    await act(f"/executions/{id}/pause", {"reason": "lunch"})
    await act(f"/executions/{id}/signals", {"name": "said", "payload": {"word": SECRET}})
    await act(f"/executions/{id}/resume")
    async with asyncio.timeout(PATIENCE):
        while not (await api.get("/tasks", params={"executionId": id})).json()["items"]:
            pass
    task = (await look("/tasks", executionId=id))["items"][0]
    await act(f"/tasks/{task['id']}/comments", {"text": f"Who is {SECRET}?"})
    await look(f"/tasks/{task['id']}/comments")
    await act(f"/tasks/{task['id']}/claim")
    answer = {"outcome": "approved", "comment": f"I know {SECRET}", "data": {"note": SECRET}}
    await act(f"/tasks/{task['id']}/complete", answer)
    await look(f"/tasks/{task['id']}")
    await look(f"/tasks/{task['id']}/votes")
    await api.when_status(id, "failed")
    await look("/executions", workflowId=workflow)
    notices = (await api.get(f"/executions/{id}/notifications")).json()["items"]
    seen.append([(notice["channel"], notice["recipients"], notice["error"]) for notice in notices])
    ledger.down = set()
    await act(f"/executions/{id}/retry", {"data": {"again": SECRET}})
    await api.when_status(id, "completed")
    await look(f"/executions/{id}")
    seen.append(await act(f"/executions/{id}/rollback", {"dryRun": True}))
    await act(f"/executions/{id}/rollback", {"toStepId": "tell"})
    await api.when(id, lambda execution: execution["currentSteps"] == ["hear"])
    await act(f"/executions/{id}/cancel", {"reason": "enough"})
    await api.when_status(id, "cancelled")
    await look(f"/executions/{id}")
    await look(f"/executions/{id}/events", limit=200)
    await look(f"/executions/{id}/steps")
    await look("/step-executions", executionId=id, stepId="call")
    children = (await api.get("/executions", params={"parentId": id})).json()
    await look(f"/executions/{children['items'][0]['id']}")
    again = await act(f"/executions/{id}/restart")
    await api.when(again["id"], lambda execution: execution["currentSteps"] == ["hear"])
    await look(f"/executions/{again['id']}")
    return seen


async def dump(owner: asyncpg.Connection) -> str:
    """Every column of every table, as text."""
    tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows: list[str] = []
    for (table,) in tables:
        # row-level security would hide rows from their owner
        await owner.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        rows += [f"{table}: {row[0]}" for row in await owner.fetch(f'SELECT t::text FROM "{table}" AS t')]
        await owner.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    return "\n".join(rows)


def told_by(text: str) -> set[str]:
    """The tables in which the secret stands, as text or as bytes."""
    return {line.partition(":")[0] for line in text.splitlines() if SECRET in line or SECRET.encode().hex() in line}


def same_in_all(value: Any) -> Any:
    """What the API shows, without what differs from run to run."""
    if isinstance(value, dict):
        return {name: same_in_all(each) for name, each in value.items() if not CHANGING.search(name)}
    if isinstance(value, list | tuple):
        return [same_in_all(each) for each in value]
    if isinstance(value, str):
        return ANY_ID.sub("ID", value).removeprefix("sealed-").removeprefix("plain-")
    return value


CHANGING = re.compile(r"(At|Ms|^etag|^timestamp|^requestId|[cC]ursor)$")
ANY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
async def stories(api: Client) -> Client:
    """The workflow, once with its payloads encrypted and once without, and those that it deals with."""
    await api.publish(CHILD)
    for name, settings in (("sealed-story", {"encrypt": True}), ("plain-story", {})):
        await api.publish(story_of(name, **settings))
        listen = {"id": "listen", "type": "wait", "event": "told", "output": {"heard": "${ result }"}}
        await api.publish({"id": f"{name}-listener", "settings": settings, "nodes": [listen]})
    return api


async def test_the_api_shows_what_the_database_does_not(
    stories: Client,
    worker: Worker,
    ledger: Ledger,
    connect_as_owner: asyncpg.Connection,
    logs: list[EventDict],
) -> None:
    shown = await story(stories, ledger, "sealed-story")
    assert told_by(await dump(connect_as_owner)) == set()
    plain = await story(stories, ledger, "plain-story")
    assert {"executions", "events", "human_tasks", "task_votes", "task_comments"} <= told_by(
        await dump(connect_as_owner)
    )
    for ours, theirs in zip(same_in_all(shown), same_in_all(plain), strict=True):
        assert ours == theirs


async def test_a_review_of_an_encrypted_execution_goes_as_any_other(
    api: Client, worker: Worker, ledger: Ledger, connect_as_owner: asyncpg.Connection
) -> None:
    form = {"id": "who", "type": "form", "validate": [{"condition": "result.name != ''", "message": "no name"}]}
    await api.publish({"id": "join", "settings": {"encrypt": True, "review": True}, "nodes": [form]})
    id = await api.start("join")
    await api.when_status(id, "draft")
    await api.post(f"/executions/{id}/steps/who", {"data": {"name": ""}})
    await api.when_status(id, "awaiting_validation")
    assert (await api.post(f"/executions/{id}/validate")).json()["errors"][0]["message"] == "no name"
    await api.post(f"/executions/{id}/steps/who", {"data": {"name": SECRET}})
    assert (await api.post(f"/executions/{id}/submit")).json()["status"] == "submitted"
    approved = await api.post(f"/executions/{id}/approve", {"comment": f"Welcome, {SECRET}"})
    assert approved.json()["status"] == "completed"
    assert told_by(await dump(connect_as_owner)) == set()


async def test_a_server_that_cannot_open_the_tenants_key_says_so(
    stories: Client, worker: Worker, database: str, connect_as_owner: asyncpg.Connection
) -> None:
    id = await stories.start("sealed-story-listener", {"who": SECRET})
    await stories.when(id, lambda execution: execution["currentSteps"] == ["listen"])
    await stories.publish({"id": "plain", "nodes": [{"id": "wait", "type": "wait", "event": "go"}]})
    plain = await stories.start("plain")
    await connect_as_owner.execute("ALTER TABLE tenant_keys NO FORCE ROW LEVEL SECURITY")
    await connect_as_owner.execute(
        "UPDATE tenant_keys SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))"
    )
    other = Application(api_options(database))
    async with running(other), httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url=ORIGIN) as http:
        stranger = Client(http)
        await stranger.sign_in()
        paths = [f"/executions/{each}{what}" for each in (id, plain) for what in ("", "/events")]
        *closed, shown, log = await asyncio.gather(*(stranger.get(path) for path in paths))
        for answer in closed:
            problem(answer, 503, "wrong_master_key")
        assert shown.json()["id"] == plain
        assert log.status_code == 200
        listener = {"input": {"who": SECRET}}
        problem(await stranger.post("/workflows/sealed-story-listener/executions", listener), 503, "wrong_master_key")
        assert (await stranger.get("/executions")).status_code == 200


async def test_what_remote_workers_and_triggers_are_given_is_encrypted_on_the_way(
    api: Client, worker: Worker, connect_as_owner: asyncpg.Connection
) -> None:
    ship = {
        "id": "ship",
        "type": "action",
        "action": "print-label",
        "queue": "parcels",
        "input": {"to": "${input.who}"},
    }
    told = {"id": "told", "type": "event", "event": "ordered", "input": "${event.payload}"}
    await api.publish({"id": "order", "settings": {"encrypt": True}, "triggers": [told], "nodes": [ship]})
    assert (await api.post("/events", {"name": "ordered", "payload": {"who": SECRET}})).status_code == 202
    fetched = await api.post("/task-queues/parcels/fetch", {"workerId": "packer", "waitSeconds": PATIENCE})
    (job,) = fetched.json()["items"]
    assert job["input"] == {"to": SECRET}
    progress = {"token": job["token"], "lockSeconds": 3600, "progress": {"label": SECRET}}
    assert (await api.post(f"/jobs/{job['id']}/extend", progress)).status_code == 200
    assert told_by(await dump(connect_as_owner)) == set()
    answer = {"token": job["token"], "output": {"label": SECRET}}
    assert (await api.post(f"/jobs/{job['id']}/complete", answer)).status_code == 200
    done = await api.when_status(job["executionId"], "completed")
    assert (done["input"], done["output"]) == ({"who": SECRET}, {"label": SECRET})
    assert told_by(await dump(connect_as_owner)) == set()
