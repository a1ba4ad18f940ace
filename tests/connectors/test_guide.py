"""The integration that the guide shows works as it says."""

from __future__ import annotations

import hmac
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import orjson
import pytest

from tests.connectors.conftest import failure
from tests.connectors.server import Answer, FakeServer, Request, running
from weftline.authoring.integrations import Integration, Item, Reply, WebhookCall
from weftline.testing.connectors import call, connected, deliver

GUIDE = Path(__file__).parents[2] / "docs/guides/connectors.md"


class Crm(FakeServer):
    """Knows one customer, and who asks."""

    def answer(self, request: Request) -> Answer:
        match request.parts:
            case ["me"]:
                return Answer(200, {"name": "sales"})
            case ["customers", "C-1 / a"]:
                return Answer(200, {"name": "Ada", "email": "ada@example.com"})
            case ["customers"]:
                return Answer(200, [] if request.query.get("after") == ["C-2"] else [{"id": "C-2", "name": "Grace"}])
            case _:
                return Answer(404, {})


@pytest.fixture
def guide(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    module = ModuleType("guide_crm")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    actions, _, triggers, webhooks = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for code in (actions, triggers, webhooks):
        exec(compile(code, str(GUIDE), "exec"), module.__dict__)
    yield module


async def test_the_guides_integration_reads_a_customer_and_tries_its_connection(guide: ModuleType):
    crm: Integration = guide.crm
    async with (
        running(Crm()) as server,
        connected(crm, auth="BEARER", config={"baseUrl": server.url}, credentials={"token": "t"}) as connection,
    ):
        assert await call("crm.getCustomer", connection, id="C-1 / a") == {"name": "Ada"}
        assert crm.tester is not None
        assert await crm.tester(connection) == "sales"
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer t"}


async def test_the_guides_webhook_takes_signed_calls_and_answers_the_handshake(guide: ModuleType):
    async with connected(guide.crm, auth="BEARER", credentials={"token": "key"}) as connection:

        def called(body: dict[str, object]) -> WebhookCall:
            content, stamp = orjson.dumps(body), str(int(time.time()))
            signature = hmac.new(b"key", f"{stamp}.".encode() + content, "sha256").hexdigest()
            headers = {"x-crm-signature": signature, "x-crm-time": stamp, "x-crm-delivery": "d-1"}
            return WebhookCall(headers, {}, content)

        items = await deliver("crm.changed", connection, called({"customer": {"name": "Ada"}}))
        assert items == [Item("d-1", {"name": "Ada"})]
        assert await deliver("crm.changed", connection, called({"type": "hello", "challenge": "x7"})) == Reply("x7")
        forged = called({"customer": {"name": "Ada"}})
        forged.body = b"{}"
        await failure(deliver("crm.changed", connection, forged), "bad_signature")


async def test_the_guides_trigger_finds_a_customer_once(guide: ModuleType):
    crm: Integration = guide.crm
    trigger = crm.triggers["newCustomer"]
    async with (
        running(Crm()) as server,
        connected(crm, auth="BEARER", config={"baseUrl": server.url}, credentials={"token": "t"}) as connection,
    ):
        first = await guide.new_customer(connection, {}, None)
        assert [(item.id, item.payload["name"]) for item in first.items] == [("C-2", "Grace")]
        assert all(trigger.check.problem(item.payload) is None for item in first.items)
        again = await guide.new_customer(connection, {}, first.cursor)
        assert (list(again.items), again.cursor) == ([], "C-2")
