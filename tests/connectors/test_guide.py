"""The integration that the guide shows works as it says."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.connectors.server import Answer, FakeServer, Request, running
from weftline.authoring.integrations import Integration
from weftline.testing.connectors import call, connected

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
    actions, _, triggers = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for code in (actions, triggers):
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
