"""What answers tell browsers, so that none can be used against the person in front of it."""

from __future__ import annotations

import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, V1, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.security.routes import every_route, filled
from tests.security.test_route_table import ANY_ID
from weftline.api.app import Application

CONTENT_POLICY = {
    "default-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
YEAR = 365 * 24 * 3600


async def answers(application: Application, client: Client) -> list[httpx.Response]:
    """One of every route, as somebody who has not signed in, and some that lead nowhere."""
    asked = [name.split(" ", 1) for name, _ in every_route(application)]
    asked += [["GET", "/nowhere"], ["TRACE", "/"], ["OPTIONS", f"{V1}/workflows"]]
    return [await client.http.request(method, filled(path, {}, ANY_ID)) for method, path in asked]


async def test_every_answer_keeps_browsers_from_misreading_embedding_and_storing_it(
    application: Application, anonymous: Client
) -> None:
    for answer in await answers(application, anonymous):
        what = str(answer.request)
        assert answer.headers["x-content-type-options"] == "nosniff", what
        assert answer.headers["referrer-policy"] == "no-referrer", what
        assert answer.headers["cross-origin-resource-policy"] == "same-origin", what
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", what
        directives = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert {**directives, **CONTENT_POLICY} == directives, what
        assert "script-src" not in directives, what
        kept = answer.headers["cache-control"]
        assert kept == ("public, max-age=60" if "jwks" in answer.url.path and answer.is_success else "no-store"), what


async def test_no_answer_sets_a_cookie(application: Application, anonymous: Client) -> None:
    assert not [answer for answer in await answers(application, anonymous) if "set-cookie" in answer.headers]
    await anonymous.become_first_administrator(application)
    assert not anonymous.http.cookies


async def test_every_answer_with_a_body_says_what_it_is(application: Application, anonymous: Client) -> None:
    kinds = {"application/json", "application/problem+json", "text/html; charset=utf-8"}
    for answer in await answers(application, anonymous):
        assert not answer.content or answer.headers["content-type"] in kinds, str(answer.request)


async def test_no_other_origin_is_let_in(application: Application, anonymous: Client) -> None:
    await anonymous.become_first_administrator(application)
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/workflows", "/auth/login"):
        answer = await anonymous.http.options(V1 + path, headers=asked)
        problem(answer, 403, "cross_site_request")
    own = await anonymous.get("/workflows", headers={"Origin": ORIGIN})
    assert own.status_code == 200
    for each in (answer, own, *await answers(application, anonymous)):
        assert not [name for name in each.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_what_a_form_of_another_site_can_send_is_not_read(
    application: Application, anonymous: Client, kind: str
) -> None:
    body = f'{{"email": "{EMAIL}", "password": "{PASSWORD}"}}'.encode()
    await anonymous.become_first_administrator(application)
    answer = await anonymous.http.post(f"{V1}/auth/login", content=body, headers={"Content-Type": kind})
    problem(answer, 415, "unsupported_media_type")


async def test_browsers_are_told_to_stay_with_https_where_the_platform_is_reached_by_it(database: str) -> None:
    app = Application(api_options(database, is_https_only=True))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        for path in ("/", "/docs", "/nowhere", f"{V1}/workflows", "/health/live"):
            age, scope = (await http.get(path)).headers["strict-transport-security"].split("; ")
            assert int(age.removeprefix("max-age=")) >= YEAR
            assert scope == "includeSubDomains"


async def test_nothing_is_said_of_https_on_a_platform_without(anonymous: Client) -> None:
    assert "strict-transport-security" not in (await anonymous.http.get("/")).headers


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PROPFIND"])
async def test_methods_that_nobody_needs_are_refused(anonymous: Client, method: str) -> None:
    for path in ("/", f"{V1}/auth/login", f"{V1}/workflows/greeting/executions"):
        answer = await anonymous.http.request(method, path, headers={"X-Secret": "secret"})
        problem(answer, 405, "method_not_allowed")
        assert "secret" not in answer.text.lower().replace("x-secret", "")


@pytest.mark.parametrize("path", ["/src/", "/.git/config", "/static/", "/..%2f..%2fetc/passwd"])
async def test_no_file_or_directory_is_served(anonymous: Client, path: str) -> None:
    problem(await anonymous.http.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/docs/", "/\\evil.example/", "/docs/?next=//evil.example"]
)
async def test_no_answer_leads_to_another_host(anonymous: Client, path: str) -> None:
    answer = await anonymous.http.request("GET", httpx.URL(f"{ORIGIN}{path}"))
    assert answer.is_client_error or httpx.URL(answer.headers["location"]).host == "localhost"
