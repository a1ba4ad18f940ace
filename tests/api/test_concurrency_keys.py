"""Limits on executions that run at once: queues, refusals, and making room."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from tests.api.client import Client, problem
from tests.api.definitions import PAYMENT, changed
from weftline.engine.worker import Worker


def limited(policy: str = "queue", limit: int = 1, **settings: Any) -> dict[str, Any]:
    """A workflow that waits for a payment, so many of a customer at a time."""
    concurrency = {"key": "${ input.customer }", "limit": limit, "policy": policy}
    return changed(PAYMENT, id=policy, settings={"concurrency": concurrency, **settings})


async def order(api: Client, workflow: str, order: str, customer: str = "ada", **fields: Any) -> str:
    return await api.start(workflow, {"order": order, "customer": customer}, **fields)


async def pay(api: Client, order: str) -> None:
    answer = await api.post("/events", {"name": "paid", "correlation": order, "payload": {"amount": 1}})
    assert answer.json()["delivered"] == 1


async def queued(api: Client) -> list[str]:
    """Which wait for their turn, the oldest first."""
    items = (await api.get("/executions", params={"status": "pending"})).json()["items"]
    return [item["id"] for item in reversed(items) if item["isQueued"]]


async def test_one_too_many_waits_until_another_of_its_key_ends(api: Client, worker: Worker) -> None:
    await api.publish(limited())
    first = await order(api, "queue", "1")
    second, other = await order(api, "queue", "2"), await order(api, "queue", "3", customer="bob")
    await api.when_status(first, "waiting")
    await api.when_status(other, "waiting")
    assert await queued(api) == [second]
    await pay(api, "1")
    assert (await api.when_status(second, "waiting"))["isQueued"] is False
    assert (await api.execution(first))["status"] == "completed"


async def test_without_a_key_the_workflow_counts_as_a_whole(api: Client, worker: Worker) -> None:
    await api.publish(changed(PAYMENT, settings={"concurrency": {"limit": 2}}))
    ids = [await api.start("payment", {"order": str(number)}) for number in range(3)]
    await api.when_status(ids[1], "waiting")
    assert await queued(api) == ids[2:]


async def test_a_slot_is_free_again_however_its_execution_ends(api: Client, worker: Worker) -> None:
    nodes = [{"id": "fail", "type": "fail", "code": "broken", "message": "Broken"}]
    failing = {"id": "failing", "nodes": nodes, "settings": {"concurrency": {"limit": 1}}}
    await api.publish(failing)
    await api.publish(limited(timeout="1ms"))
    for ids in (
        [await api.start("failing") for _ in range(3)],
        [await order(api, "queue", str(number)) for number in range(3)],
    ):
        ends = [await api.when(id, lambda execution: execution["completedAt"] is not None) for id in ids]
        assert {end["status"] for end in ends} <= {"failed", "timed_out"}


async def test_whoever_is_more_urgent_goes_first(api: Client, worker: Worker) -> None:
    await api.publish(limited())
    await api.when_status(await order(api, "queue", "1"), "waiting")
    low, high, highest = [await order(api, "queue", str(number), priority=number) for number in (2, 7, 3)]
    answer = await api.http.patch(f"/api/v1/executions/{highest}", json={"priority": 9})
    assert answer.json()["priority"] == 9
    for number, following in ((1, highest), (3, high), (7, low)):
        await pay(api, str(number))
        await api.when_status(following, "waiting")


async def test_cancelling_takes_an_execution_out_of_the_queue(
    api: Client, worker: Worker, tenant: asyncpg.Connection
) -> None:
    await api.publish(limited())
    first, second, third = [await order(api, "queue", str(number)) for number in range(3)]
    assert (await api.post(f"/executions/{second}/cancel")).json()["status"] == "cancelled"
    assert await queued(api) == [third]
    await api.post(f"/executions/{first}/cancel")
    await api.when_status(third, "waiting")
    await api.post(f"/executions/{third}/cancel")
    async with asyncio.timeout(20):
        # what nothing counts towards any more leaves nothing behind
        while await tenant.fetchval("SELECT count(*) FROM concurrency_keys"):
            pass


async def test_whoever_is_paused_in_the_queue_is_passed_over_until_resumed(api: Client, worker: Worker) -> None:
    await api.publish(limited())
    first, second, third = [await order(api, "queue", str(number)) for number in range(3)]
    await api.when_status(first, "waiting")
    answer = await api.post(f"/executions/{second}/pause")
    assert (answer.status_code, answer.json()["isQueued"]) == (202, True)
    await pay(api, "0")
    await api.when_status(third, "waiting")
    assert (await api.post(f"/executions/{second}/resume")).json()["isQueued"]
    await pay(api, "2")
    await api.when_status(second, "waiting")


async def test_whoever_is_resumed_in_the_queue_takes_a_slot_that_became_free_meanwhile(
    api: Client, worker: Worker
) -> None:
    await api.publish(limited())
    first, second = [await order(api, "queue", str(number)) for number in range(2)]
    await api.when_status(first, "waiting")
    await api.post(f"/executions/{second}/pause")
    await pay(api, "0")
    await api.when_status(first, "completed")
    assert await queued(api) == [second]
    await api.post(f"/executions/{second}/resume")
    await api.when_status(second, "waiting")


async def test_a_signal_to_an_execution_in_the_queue_is_kept_until_its_turn(api: Client, worker: Worker) -> None:
    await api.publish(limited())
    first, second = [await order(api, "queue", str(number)) for number in range(2)]
    await api.when_status(first, "waiting")
    await api.post(f"/executions/{second}/signals", {"name": "paid", "payload": {"amount": 2}})
    assert await queued(api) == [second]
    await pay(api, "0")
    await api.when_status(second, "completed")


async def test_a_limit_may_refuse(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(limited("reject", 2))
    body = {"input": {"customer": "ada"}}
    answers = await asyncio.gather(*(api.post("/workflows/reject/executions", body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [202, 202, *[409] * 8]
    refused = problem(await api.post("/workflows/reject/executions", body), 409, "concurrency_limit")
    assert "'ada'" in refused["detail"] and "2" in refused["detail"]
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 2
    batch = "\n".join(['{"input": {"customer": "bob"}}'] * 3)
    headers = {"content-type": "application/x-ndjson"}
    answer = await api.post("/workflows/reject/executions/batch", content=batch, headers=headers)
    assert (answer.json()["accepted"], [each["line"] for each in answer.json()["rejected"]]) == (2, [3])


async def test_a_repeated_start_finds_the_first_even_where_the_limit_would_refuse(api: Client) -> None:
    await api.publish(limited("reject"))
    body = {"input": {"customer": "ada"}, "idempotencyKey": "once"}
    first, second = [await api.post("/workflows/reject/executions", body) for _ in range(2)]
    assert (second.status_code, second.json()["id"]) == (202, first.json()["id"])


async def test_the_oldest_makes_room_for_the_newest(api: Client, worker: Worker) -> None:
    await api.publish(limited("cancel_running"))
    ids = [await order(api, "cancel_running", str(number)) for number in range(4)]
    await api.when_status(ids[3], "waiting")
    for id in ids[:3]:
        await api.when_status(id, "cancelled")


async def test_a_key_that_cannot_be_made_of_the_input_is_refused_with_its_setting(api: Client) -> None:
    await api.publish(limited())
    for input in ({}, {"customer": []}, {"customer": ""}, {"customer": "x" * 256}):
        document = problem(await api.post("/workflows/queue/executions", {"input": input}), 422, "invalid_settings")
        assert "settings.concurrency.key" in document["errors"][0]["message"]
