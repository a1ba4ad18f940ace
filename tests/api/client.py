"""The API in this process, called over HTTP's interface but no socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

from weftline.api.app import Application

V1 = "/api/v1"
PATIENCE = 60.0
"""Seconds; nothing takes so long unless the machine stands still."""


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """The application, started, and stopped at the end (ASGI's lifespan protocol)."""
    requests: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "state": {}}, requests.get, answers.put))
    await requests.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await requests.put({"type": "lifespan.shutdown"})
        assert (await answers.get())["type"] == "lifespan.shutdown.complete"
        await task


EMAIL = "admin@example.com"
PASSWORD = "a long enough passphrase"


class Client:
    """Calls the API, and knows a few words of its language."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **fields: Any) -> dict[str, Any]:
        """Sign in; from now on every call is made as this person."""
        answer = await self.post("/auth/login", {"email": email, "password": password, **fields})
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        self.http.headers["Authorization"] = f"Bearer {tokens['accessToken']}"
        return tokens

    async def become_first_administrator(self, app: Application) -> dict[str, Any]:
        """Make the account that a platform begins with, and sign in to it."""
        assert app.services is not None
        await app.services.accounts.create_first(EMAIL, PASSWORD)
        return await self.sign_in()

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(V1 + path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return await self.http.post(V1 + path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.http.put(V1 + path, json=body, **options)

    async def publish(self, definition: dict[str, Any]) -> str:
        """Create and publish a workflow."""
        answer = await self.post("/workflows", definition)
        assert answer.status_code == 201, answer.text
        assert (await self.post(f"/workflows/{definition['id']}/publish")).status_code == 200
        return definition["id"]

    async def start(self, workflow: str, input: dict[str, Any] | None = None, **fields: Any) -> str:
        """Start an execution."""
        answer = await self.post(f"/workflows/{workflow}/executions", {"input": input or {}, **fields})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    async def execution(self, id: str) -> dict[str, Any]:
        """An execution as it is now."""
        answer = await self.get(f"/executions/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def when(self, id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The execution as soon as it fulfils a condition."""
        async with asyncio.timeout(PATIENCE):
            while not condition(execution := await self.execution(id)):
                pass
            return execution

    async def when_status(self, id: str, status: str) -> dict[str, Any]:
        """The execution as soon as it stands there."""
        return await self.when(id, lambda execution: execution["status"] == status)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == f"/errors/{code}"
    assert document["correlationId"] == answer.headers["x-request-id"]
    assert document["title"] and document["detail"] and document["instance"]
    return document
