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
            case _:
                return Answer(404, {})


@pytest.fixture
def guide(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    module = ModuleType("guide_crm")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)[0]
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
