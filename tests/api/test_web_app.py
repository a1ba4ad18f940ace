"""How the web app's page and files are served."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from weftline.api.web_app import WebApp
from weftline.features.errors import NotFound

PAGE = """<meta nonce="%nonce%"><script>start()</script><script>go()</script>"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    files = tmp_path / "_app" / "immutable"
    files.mkdir(parents=True)
    (tmp_path / "index.html").write_text(PAGE)
    (files / "app.js").write_text("plain")
    (files / "app.js.br").write_text("brotli")
    (files / "app.js.gz").write_text("gzip")
    (tmp_path / "_app" / "version.json").write_text("{}")
    (tmp_path / "secret").write_text("beside the app")
    return tmp_path


@pytest.fixture
async def browser(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Asks a server of which the app is one part."""

    async def start(request: Request) -> Response:
        return JSONResponse({"started": True})

    async def missing(request: Request, error: Exception) -> Response:
        return JSONResponse({"told": str(error)}, status_code=404)

    others = [Route("/api/v1/executions", start, methods=["POST"])]
    server = Starlette(
        routes=[*others, *WebApp(built).routes(others)], exception_handlers={NotFound: missing, 404: missing}
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://test") as client:
        client.headers["Accept"] = "text/html,*/*;q=0.8"
        yield client


@pytest.mark.parametrize("path", ["/", "/executions/42", "/workflows/a%2Fb/edit"])
async def test_every_address_of_the_app_gets_its_page(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"


async def test_scripts_run_by_the_number_of_their_answer_alone(browser: httpx.AsyncClient) -> None:
    first, second = await browser.get("/"), await browser.get("/")
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', first.text))
    assert first.text.count(nonce) == 3
    assert f"script-src 'self' 'nonce-{nonce}'" in first.headers["content-security-policy"]
    assert "unsafe-inline" not in first.headers["content-security-policy"]
    assert nonce not in second.text


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_begins_as_the_servers_own_paths_is_not_the_apps(browser: httpx.AsyncClient, method: str) -> None:
    assert (await browser.request(method, "/api/v1/executions")).status_code == 405
    assert (await browser.request(method, "/api/nothing")).status_code == 404


async def test_programs_that_mistake_an_address_get_no_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/executions", headers={"Accept": "application/json"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"), [("gzip, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("", None, "plain")]
)
async def test_files_come_as_small_as_the_browser_takes_them(
    browser: httpx.AsyncClient, accepted: str, encoding: str | None, body: str
) -> None:
    async with browser.stream("GET", "/_app/immutable/app.js", headers={"Accept-Encoding": accepted}) as answer:
        assert b"".join([part async for part in answer.aiter_raw()]).decode() == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_only_files_whose_names_change_with_them_are_kept_for_ever(browser: httpx.AsyncClient) -> None:
    assert (
        "immutable"
        in (await browser.get("/_app/immutable/app.js", headers={"Accept-Encoding": ""})).headers["cache-control"]
    )
    assert (await browser.get("/_app/version.json")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/_app/none.js", "/_app/../secret", "/_app/%2e%2e/secret", "/_app/..%2fsecret"])
async def test_there_are_no_other_files(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"Accept": "*/*"})
    assert answer.status_code == 404 and "beside" not in answer.text
