"""The Python client for remote workers, against the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.client import PATIENCE, Client
from tests.api.conftest import ORIGIN
from weftline.api.app import Application
from weftline.authoring import ActionError, ActionRegistry, Context, Result
from weftline.authoring.remote import JobClient, RemoteError, RemoteWorker
from weftline.engine.worker import Worker


def steps(*actions: str) -> dict[str, Any]:
    """A workflow whose steps are carried out outside, one after the other."""
    nodes = [
        {
            "id": name,
            "type": "action",
            "action": name,
            "queue": "far",
            "retry": {"maxAttempts": 2, "initialInterval": "0s", "jitter": 0},
            **({"next": actions[at + 1]} if at + 1 < len(actions) else {}),
        }
        for at, name in enumerate(actions)
    ]
    return {"id": "far", "name": "Far", "startNode": actions[0], "nodes": nodes}


class Outside:
    """A remote worker of a test."""

    def __init__(self, application: Application) -> None:
        self.registry = ActionRegistry()
        self._application = application

    @asynccontextmanager
    async def working(self, key: str, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
        client = JobClient(ORIGIN, key, transport=httpx.ASGITransport(self._application))
        worker = RemoteWorker("", "", "far", registry=self.registry, client=client, **options)
        task = asyncio.create_task(worker.run())
        yield task
        worker.stop()
        async with asyncio.timeout(PATIENCE):
            await task


@pytest.fixture
def outside(application: Application) -> Outside:
    return Outside(application)


@pytest.fixture
async def key(api: Client, worker: Worker) -> str:
    return (await api.post("/api-keys", {"name": "far", "scopes": ["job:work"]})).json()["key"]


async def test_the_same_actions_run_outside(api: Client, key: str, outside: Outside) -> None:
    seen: list[Context] = []

    async def first(ctx: Context) -> Result:
        seen.append(ctx)
        return Result({"n": ctx.input["n"] + 1}, {"carrier": "X"})

    def second(ctx: Context) -> dict[str, Any]:
        ctx.heartbeat()
        if ctx.attempt == 1:
            raise ActionError("not yet", code="too_early")
        return {"key": ctx.idempotency_key, "carrier": ctx.input["carrier"]}

    outside.registry.register("first", first)
    outside.registry.register("second", second)
    await api.publish(steps("first", "second"))
    async with outside.working(key):
        ids = [await api.start("far", {"n": number}) for number in range(5)]
        ended = [await api.when_status(id, "completed") for id in ids]
    assert [each["output"] for each in ended] == [{"key": f"{id}/second", "carrier": "X"} for id in ids]
    assert (seen[0].workflow_id, seen[0].step_id, seen[0].tenant.slug) == ("far", "first", "default")
    with pytest.raises(RuntimeError, match="remote worker"):
        _ = seen[0].execution_input


async def test_whatever_an_action_does_wrong_is_told_and_the_worker_goes_on(
    api: Client, key: str, outside: Outside
) -> None:
    async def act(ctx: Context) -> Any:
        match ctx.input["how"]:
            case "crash":
                raise ValueError("odd")
            case "no json":
                return object()
            case "unstorable":
                return "a\0b"
            case "refuse":
                return Result.failure()
            case _:
                return "fine"

    outside.registry.register("act", act)
    await api.publish({**steps("act"), "nodes": [{**steps("act")["nodes"][0], "retry": 1}]})
    await api.publish({**steps("unheard-of"), "id": "lost", "nodes": [{**steps("unheard-of")["nodes"][0], "retry": 1}]})
    expected = {
        "crash": "action_failed",
        "no json": "invalid_output",
        "unstorable": "invalid_output",
        "refuse": "step_failed",
    }
    async with outside.working(key):
        ids = {how: await api.start("far", {"how": how}) for how in expected}
        lost = await api.start("lost")
        codes = {how: (await api.when_status(id, "failed"))["error"]["code"] for how, id in ids.items()}
        assert codes == expected
        assert (await api.when_status(lost, "failed"))["error"]["code"] == "unknown_action"
        assert (await api.when_status(await api.start("far", {"how": "well"}), "completed"))["output"] == "fine"


async def test_a_worker_that_stops_finishes_and_answers_what_it_has(api: Client, key: str, outside: Outside) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def act(ctx: Context) -> str:
        begun.set()
        await finish.wait()
        return "done"

    outside.registry.register("act", act)
    await api.publish(steps("act"))
    async with outside.working(key):
        id = await api.start("far")
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, finish.set)
    assert (await api.when_status(id, "completed"))["output"] == "done"


async def test_a_step_that_is_no_longer_wanted_is_cancelled_where_it_is_carried_out(
    api: Client, key: str, outside: Outside, tenant: asyncpg.Connection
) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def act(ctx: Context) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    outside.registry.register("act", act)
    await api.publish(steps("act"))
    async with outside.working(key, lock_seconds=5):
        id = await api.start("far")
        await begun.wait()
        await api.post(f"/executions/{id}/cancel", {})
        async with asyncio.timeout(PATIENCE):
            await cancelled.wait()
    assert await tenant.fetchval("SELECT status FROM executions") == "cancelled"


async def test_a_worker_without_the_permission_ends_with_the_reason(api: Client, outside: Outside) -> None:
    key = (await api.post("/api-keys", {"name": "weak", "scopes": ["job:read"]})).json()["key"]
    with pytest.raises(RemoteError, match="403"):
        async with outside.working(key) as task:
            await asyncio.wait([task], timeout=PATIENCE)
