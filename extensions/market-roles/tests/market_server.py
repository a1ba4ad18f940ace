"""A server with the plugin, a gateway beside it, and the people of a market; all of it is asked over HTTP."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from examples.server import EMAIL, PATIENCE, serving
from tests.connectors.server import running
from tests.connectors.test_kong import TOKEN, Gateway

from weftline.client import Client

PASSWORD = "a long enough passphrase"
ENABLE = "/plugins/market-roles/enable"
ROUTES = "/plugins/market-roles/routes"


class Person:
    """Somebody who has signed in.

    Args:
        client: asks as this person.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, path: str) -> Any:
        return self._client.request("GET", path).body

    def post(self, path: str, body: Any = None) -> Any:
        return self._client.request("POST", path, body={} if body is None else body).body

    def patch(self, path: str, body: Any) -> Any:
        return self._client.request("PATCH", path, body=body).body

    def when(self, execution: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """An execution as soon as it fulfils a condition."""
        deadline = time.monotonic() + PATIENCE
        while not condition(found := self.get(f"/executions/{execution}")):
            assert time.monotonic() < deadline, f"still {found['status']} at {found['currentSteps']}: {found['error']}"
            time.sleep(0.02)
        return found

    def reach(self, execution: str, *, status: str | None = None, step: str | None = None) -> dict[str, Any]:
        """An execution as soon as it has a status, or waits at a step."""
        if step is not None:
            return self.when(execution, lambda found: found["status"] == "waiting" and found["currentSteps"] == [step])
        return self.when(execution, lambda found: found["status"] == status)


class Market:
    """A platform for a market.

    Attributes:
        ops: market operations; the administrator, who starts everything.
        approvers: two others, who decide.
        viewer: somebody who only looks.
        gateway: what the platform talks to.
    """

    def __init__(self, url: str, gateway: Gateway, opened: ExitStack) -> None:
        self._url = url
        self.gateway = gateway
        self._opened = opened
        self._founded = 0
        self.ops = self._signed_in(EMAIL, PASSWORD)
        self.ops.post(ENABLE)
        self.approvers = [self._member(name, "operator", "approver") for name in ("ann", "ben")]
        self.viewer = self._member("vic", "viewer")
        connection = {"integrationId": "kong", "name": "market-gateway", "config": {"adminUrl": gateway.url}}
        made = self.ops.post("/connections", {**connection, "credentials": {"apiKey": TOKEN}})
        assert made["status"] == "READY", made

    def install(self, template: str) -> str:
        """A published workflow of a template, another one each time; returns its id."""
        body = {"variables": {"MARKET_OPS": "approver"}}
        workflow: str = self.ops.post(f"/library/{template}/install", body)["workflowId"]
        self.ops.post(f"/workflows/{workflow}/publish")
        return workflow

    def start(self, workflow: str, role: str) -> str:
        """An execution; returns its id."""
        started = self.ops.post(f"/workflows/{workflow}/executions", {"input": {"marketRole": role}})
        execution: str = started["id"]
        return execution

    def found(self) -> Person:
        """The administrator of a new tenant."""
        self._founded += 1
        slug = f"company-{self._founded}"
        email = f"admin@{slug}.example"
        admin = {"email": email, "name": "Administrator", "password": PASSWORD}
        self.ops.post("/tenants", {"name": slug.capitalize(), "slug": slug, "admin": admin})
        person = self._signed_in(email, PASSWORD)
        person.post(ENABLE)
        return person

    def _member(self, name: str, *roles: str) -> Person:
        email = f"{name}@example.com"
        body = {"email": email, "name": name, "password": PASSWORD, "roles": list(roles)}
        self.ops.post("/users", body)
        return self._signed_in(email, PASSWORD)

    def _signed_in(self, email: str, password: str) -> Person:
        client = Client(self._url, email=email, password=password, timeout=PATIENCE)
        self._opened.callback(client.close)
        return Person(client)


@contextmanager
def _in_a_thread() -> Iterator[Gateway]:
    """The gateway, served beside tests that block."""
    gateway, is_up = Gateway(), threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with running(gateway):
            is_up.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert is_up.wait(PATIENCE)
    try:
        yield gateway
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


@contextmanager
def running_market() -> Iterator[Market]:
    """The platform, with a gateway on this machine."""
    with ExitStack() as opened:
        gateway = opened.enter_context(_in_a_thread())
        # workers call nobody on this machine unless they may
        server = opened.enter_context(serving(WEFT_ALLOW_PRIVATE_ADDRESSES="true", WEFT_ADMIN_PASSWORD=PASSWORD))
        yield Market(server.url, gateway, opened)
