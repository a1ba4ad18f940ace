"""Requests for the same that wait together: one statement answers them, and each caller sees what is theirs."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.people import People
from weftline.api.app import Application
from weftline.engine.worker import Worker
from weftline.features.database import READING_SIZE
from weftline.features.executions import reader
from weftline.model.ids import DEFAULT_TENANT, uuid7

WAITING: dict[str, Any] = {"id": "waiting", "nodes": [{"id": "wait", "type": "wait", "event": "go"}]}
OTHER = {**WAITING, "id": "other"}
PATH = "/executions?limit=50"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often lists were really read."""
    counted: Counter[str] = Counter()
    read = reader.repository.list_executions

    async def counting(*args: Any, **options: Any) -> Any:
        counted["executions"] += 1
        return await read(*args, **options)

    monkeypatch.setattr(reader.repository, "list_executions", counting)
    return counted


async def test_each_caller_sees_what_they_may_and_what_was_there_when_they_asked(
    application: Application, api: Client, people: People, looks: Counter[str]
) -> None:
    await api.publish(WAITING)
    await api.publish(OTHER)
    narrow = await people.join("narrow")
    await people.grant(narrow, "other", "execution:read")
    started = {await api.start("waiting"), await api.start("other")}
    for each in (api, narrow):
        assert (await each.get(PATH)).status_code == 200
    looks.clear()
    assert application.services is not None
    async with AsyncExitStack() as opened:
        # nobody's turn comes before all have asked
        for _ in range(READING_SIZE):
            await opened.enter_async_context(application.services.database.reading(DEFAULT_TENANT))
        asked = [asyncio.create_task(each.get(PATH)) for each in (api, narrow) * 5]
        started |= {await api.start("waiting"), late := await api.start("other")}
    answers = [(await each).json()["items"] for each in asked]
    assert {item["id"] for items in answers[::2] for item in items} == started
    assert all(len(items) == len(started) for items in answers[::2])
    for items in answers[1::2]:
        assert {item["workflowId"] for item in items} == {"other"}
        assert late in {item["id"] for item in items}
    assert looks == {"executions": 2}


async def test_executions_that_wait_to_be_read_are_found_together_and_each_is_its_own(
    application: Application, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = reader.repository.stored_details
    looks: list[int] = []

    async def counting(connection: Any, tenant_id: Any, ids: Any) -> Any:
        looks.append(len(ids))
        return await read(connection, tenant_id, ids)

    monkeypatch.setattr(reader.repository, "stored_details", counting)
    await api.publish(WAITING)
    ids = [await api.start("waiting", {"number": number}) for number in range(12)]
    nowhere = str(uuid7())
    assert application.services is not None
    async with AsyncExitStack() as opened:
        # nobody's turn comes before all have asked
        for _ in range(READING_SIZE):
            await opened.enter_async_context(application.services.database.reading(DEFAULT_TENANT))
        details = [asyncio.create_task(api.get(f"/executions/{id}")) for id in (*ids, *ids, nowhere)]
        logs = [asyncio.create_task(api.get(f"/executions/{id}/events")) for id in (*ids, nowhere)]
        last = await api.start("waiting", {"number": "last"})
        details.append(asyncio.create_task(api.get(f"/executions/{last}")))
    *shown, missing, newest = [await each for each in details]
    assert [(each.json()["id"], each.json()["input"]["number"]) for each in shown] == [
        (id, number) for _ in range(2) for number, id in enumerate(ids)
    ]
    assert newest.json()["input"] == {"number": "last"}
    problem(missing, 404, "execution_not_found")
    *found, none = [await each for each in logs]
    assert [each.json()["items"] for each in found] == [[] for _ in ids]
    problem(none, 404, "execution_not_found")
    assert sum(looks) >= len(ids) + 2
    assert len(looks) < len(details) / 4


async def test_a_long_log_is_read_to_its_end_beside_others(
    api: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader.repository, "FIRST_EVENTS", 5)
    await api.publish(WAITING)
    await api.publish(GREETING)
    waiting = await api.start("waiting")
    done = await api.start("greeting", {"name": "Ada"})
    await api.when(done, lambda shown: shown["status"] == "completed")
    await api.when(waiting, lambda shown: shown["status"] == "waiting")
    answers = await asyncio.gather(*(api.get(f"/executions/{id}") for id in (done, waiting, done)))
    long, short, again = [each.json() for each in answers]
    assert (long["status"], short["status"]) == ("completed", "waiting")
    assert long["data"]["name"] == "Ada" and long["executionTimeMs"] is not None
    assert len((await api.get(f"/executions/{done}/events")).json()["items"]) > 5
    assert again == long


async def test_whoever_started_something_finds_it_among_many_who_ask(api: Client) -> None:
    await api.publish(WAITING)

    async def start_and_look() -> None:
        for _ in range(5):
            id = await api.start("waiting")
            page = (await api.get(PATH + "&workflowId=waiting")).json()
            assert id in {item["id"] for item in page["items"]}

    await asyncio.gather(*(start_and_look() for _ in range(8)))
