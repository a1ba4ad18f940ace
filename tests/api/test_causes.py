"""What a request leads to carries its id: the execution, what that asks of others, and the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.typing import EventDict

from tests.api.client import Client
from tests.api.conftest import api_options
from tests.api.ledger import Ledger
from tests.api.receiver import Receiver, receiver
from weftline.api.app import Application
from weftline.authoring import Context
from weftline.authoring.builtin import HttpSettings, close_http, configure_http, http
from weftline.features.executions.demand import StartDemand
from weftline.features.http.origin import NOWHERE, Origin, set_origin
from weftline.model.ids import DEFAULT_TENANT

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SENT = {"X-Correlation-ID": "order-4711"}


@pytest.fixture
async def shop() -> AsyncIterator[Receiver]:
    """Another system, which actions may call."""
    configure_http(HttpSettings(allow_private_addresses=True))
    async with receiver() as server:
        yield server
    await close_http()
    configure_http(HttpSettings())


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    app = Application(replace(api_options(database), actions=None))
    async with app.running():
        yield app


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger()

    async def say(ctx: Context) -> None:
        ctx.logger.info("said")

    made.registry.register("http", http)
    made.registry.register("say", say)
    return made


async def publish(api: Client, shop: Receiver, **fields: Any) -> None:
    call = {"id": "call", "type": "action", "action": "http", "next": "say"}
    call["input"] = {"method": "POST", "url": f"{shop.url}/call", "json": {}}
    await api.publish({"id": "flow", "nodes": [call, {"id": "say", "type": "action", "action": "say"}], **fields})


@pytest.mark.usefixtures("worker")
async def test_an_execution_goes_back_to_the_request_that_started_it(
    api: Client, shop: Receiver, logs: list[EventDict]
) -> None:
    await publish(api, shop)
    await api.publish({"id": "outer", "nodes": [{"id": "flow", "type": "subworkflow", "workflow": "flow"}]})
    context = {"metadata": {"campaign": "spring"}}
    answer = await api.post("/workflows/outer/executions", {"input": {}, "context": context}, headers=SENT)
    ended = await api.when_status(answer.json()["id"], "completed")
    assert ended["context"] == {**context, "requestId": "order-4711"}
    assert [each.headers["x-correlation-id"] for each in shop.at("/call")] == ["order-4711"]
    assert [each["request_id"] for each in logs if each["event"] == "said"] == ["order-4711"]
    entries = (await api.get("/audit", params={"resourceId": ended["id"]})).json()["items"]
    assert [(each["action"], each["requestId"]) for each in entries] == [("execution.started", "order-4711")]


@pytest.mark.usefixtures("worker")
async def test_what_repeats_an_execution_goes_back_to_the_request_that_asked_for_it(
    api: Client, shop: Receiver
) -> None:
    await publish(api, shop, triggers=[{"id": "shop", "type": "webhook"}])
    first = (await api.post("/workflows/flow/executions", {"input": {}}, headers=SENT)).json()["id"]
    again = await api.post(f"/executions/{first}/restart", {}, headers={"X-Request-ID": "second-try"})
    lines = {"content-type": "application/x-ndjson", "X-Request-ID": "many"}
    many = await api.post("/workflows/flow/executions/batch", content=b'{"input": {}}', headers=lines)
    trigger = (await api.get("/workflows/flow/triggers")).json()["items"][0]
    fired = await api.post(f"/triggers/{trigger['id']}/fire", {}, headers={"X-Request-ID": "called"})
    ids = [again.json()["id"], many.json()["ids"][0], fired.json()["executionId"]]
    causes = [(await api.execution(id))["context"] for id in ids]
    assert causes == [{"requestId": "second-try"}, {"requestId": "many"}, {"requestId": "called"}]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("encrypts", [False, True])
async def test_the_caller_s_trace_goes_on(
    api: Client, application: Application, shop: Receiver, logs: list[EventDict], encrypts: bool
) -> None:
    await publish(api, shop, settings={"encrypt": encrypts})
    assert application.services is not None
    set_origin(Origin("order-4711", traceparent=TRACE))
    started = await application.services.starter.start(DEFAULT_TENANT, "flow", StartDemand(input={}))
    set_origin(NOWHERE)
    await api.when_status(str(started.id), "completed")
    [call] = shop.at("/call")
    assert (call.headers["x-correlation-id"], call.headers["traceparent"]) == ("order-4711", TRACE)
    [said] = [each for each in logs if each["event"] == "said"]
    assert (said["request_id"], said["trace_id"]) == ("order-4711", TRACE[3:35])
