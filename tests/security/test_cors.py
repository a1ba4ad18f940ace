"""Pages of other sites: none may call, unless the settings name them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests.api.client import V1, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from weftline.api.app import Application
from weftline.settings import Settings

APP = "https://app.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, if-match"}


@asynccontextmanager
async def platform(database: str, *origins: str) -> AsyncIterator[Client]:
    """A platform that pages of some other sites may call, and its first administrator."""
    app = Application(api_options(database, origins=origins))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        client = Client(http)
        await client.become_first_administrator(app)
        yield client


async def test_pages_of_a_named_site_may_call_and_read_what_they_need(database: str) -> None:
    async with platform(database, APP) as admin:
        asked = await admin.http.options(f"{V1}/workflows/greeting", headers={"Origin": APP, **PREFLIGHT})
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == APP
        assert asked.headers["access-control-allow-credentials"] == "true"
        assert "PUT" in asked.headers["access-control-allow-methods"]
        assert "if-match" in asked.headers["access-control-allow-headers"]
        made = await admin.post("/workflows", GREETING, headers={"Origin": APP})
        assert made.status_code == 201
        assert made.headers["access-control-allow-origin"] == APP
        assert "Origin" in made.headers["vary"]
        readable = made.headers["access-control-expose-headers"]
        for name in ("ETag", "Link", "RateLimit", "RateLimit-Policy", "X-Request-ID", "Idempotency-Replayed"):
            assert name in readable
        refused = await admin.get("/workflows/nothing", headers={"Origin": APP})
        problem(refused, 404, "workflow_not_found")
        assert refused.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize(
    "other", ["https://evil.example", f"{APP}.evil.example", "http://app.example.com", f"{APP}:8443", "null"]
)
async def test_pages_of_a_site_that_is_not_named_are_turned_away(database: str, other: str) -> None:
    async with platform(database, APP) as admin:
        for answer in (
            await admin.http.options(f"{V1}/workflows", headers={"Origin": other, **PREFLIGHT}),
            await admin.get("/workflows", headers={"Origin": other}),
        ):
            problem(answer, 403, "cross_site_request")
            assert "access-control-allow-origin" not in answer.headers


async def test_where_any_site_may_call_browsers_send_no_cookies_along(database: str) -> None:
    async with platform(database, "*") as admin:
        answer = await admin.get("/workflows", headers={"Origin": "https://anything.example"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_page_of_another_site_cannot_open_a_web_socket(application: Application) -> None:
    for origin, is_refused in (("https://evil.example", True), (ORIGIN, False)):
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        headers = [(b"host", b"localhost"), (b"origin", origin.encode())]
        scope = {"type": "websocket", "path": "/ws/nowhere", "raw_path": b"/ws/nowhere", "headers": headers}
        await application({**scope, "query_string": b"", "root_path": "", "subprotocols": []}, receive, send)
        assert sent[0]["type"] == "websocket.close"
        assert (sent[0]["code"] == 1008) == is_refused


@pytest.mark.parametrize(
    "origin", ["app.example.com", "https://app.example.com/", "https://*.example.com/x", "ftp://x"]
)
def test_what_is_no_origin_is_refused_in_the_settings(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("WEFT_CORS_ORIGINS", origin)
    with pytest.raises(ValidationError, match="cors_origins"):
        Settings()
