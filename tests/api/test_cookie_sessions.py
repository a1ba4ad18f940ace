"""Sessions of browsers: cookies that no script reads and no other site can use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest
from pyotp import TOTP

from tests.api.client import EMAIL, PASSWORD, V1, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.mailbox import Mailbox
from weftline.api.app import Application

SECURE_ORIGIN = "https://localhost"
CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


def set_cookies(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    found: dict[str, Morsel[str]] = {}
    for line in answer.headers.get_list("set-cookie"):
        found |= SimpleCookie(line)
    return found


@pytest.fixture
async def browser(application: Application, anonymous: Client) -> Client:
    """A browser that has signed in; it sends its CSRF token with every request."""
    assert application.services is not None
    await application.services.accounts.create_first(EMAIL, PASSWORD)
    await sign_in(anonymous)
    return anonymous


async def sign_in(client: Client) -> dict[str, Any]:
    answer = await client.post("/auth/login", {**CREDENTIALS, "cookies": True})
    assert answer.status_code == 200, answer.text
    client.http.headers["X-CSRF-Token"] = answer.json()["csrfToken"]
    return answer.json()


async def test_a_browser_gets_no_token_that_a_script_could_read(browser: Client) -> None:
    answer = await browser.post("/auth/login", {**CREDENTIALS, "cookies": True})
    assert set(answer.json()) == {"csrfToken", "expiresIn", "tenant"}
    cookies = set_cookies(answer)
    assert set(cookies) == {"weft_access", "weft_refresh", "weft_csrf", "weft_device"}
    for name, cookie in cookies.items():
        assert cookie["samesite"] == "strict" and cookie["path"] == "/" and not cookie["domain"]
        assert bool(cookie["httponly"]) == (name != "weft_csrf")
    assert cookies["weft_csrf"].value == answer.json()["csrfToken"]


@pytest.fixture
async def secure(database: str) -> AsyncIterator[Client]:
    """A browser at a platform that is reached by https."""
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, is_https=True)))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SECURE_ORIGIN) as http:
        assert app.services is not None
        await app.services.accounts.create_first(EMAIL, PASSWORD)
        yield Client(http)


async def test_over_https_nobody_else_can_set_or_overhear_the_cookies(secure: Client) -> None:
    answer = await secure.post("/auth/login", {**CREDENTIALS, "cookies": True})
    cookies = set_cookies(answer)
    assert {"__Host-weft_access", "__Host-weft_refresh", "__Host-weft_csrf", "__Host-weft_device"} == set(cookies)
    assert all(cookie["secure"] for cookie in cookies.values())
    assert (await secure.get("/auth/me")).json()["email"] == EMAIL
    planted = {"cookie": f"weft_access={cookies['__Host-weft_access'].value}"}
    problem(await secure.get("/auth/me", headers=planted), 401, "unauthenticated")


async def test_a_browser_acts_refreshes_and_signs_out_by_its_cookies(browser: Client) -> None:
    assert (await browser.get("/auth/me")).json()["email"] == EMAIL
    assert (await browser.post("/workflows", GREETING)).status_code == 201
    before = browser.http.cookies["weft_refresh"]
    refreshed = await browser.post("/auth/refresh", {})
    assert refreshed.status_code == 200 and set(refreshed.json()) == {"csrfToken", "expiresIn", "tenant"}
    assert browser.http.cookies["weft_refresh"] != before
    assert (await browser.get("/workflows")).status_code == 200
    stolen = dict(browser.http.cookies)
    out = await browser.post("/auth/logout")
    assert out.status_code == 200
    assert all(cookie["max-age"] == "0" for cookie in set_cookies(out).values())
    assert set(browser.http.cookies) == {"weft_device"}
    for name, value in stolen.items():
        browser.http.cookies.set(name, value)
    problem(await browser.get("/workflows"), 401, "unauthenticated")
    problem(await browser.post("/auth/refresh", {}), 401, "session_over")


async def test_a_browser_that_signed_in_before_is_known_wherever_it_is(
    application: Application, browser: Client, mailbox: Mailbox
) -> None:
    for client, cookies, is_told in (("192.0.2.1", browser.http.cookies, False), ("198.51.100.1", None, True)):
        transport = httpx.ASGITransport(application, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies) as http:
            await sign_in(Client(http))
        assert ("new_sign_in" in await mailbox.templates(EMAIL)) == is_told


@pytest.mark.parametrize("token", [None, "", "nonsense", "AAAA", "é"])
async def test_a_change_needs_the_token_of_the_page(browser: Client, token: str | None) -> None:
    del browser.http.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    for method, path in (("POST", "/workflows"), ("PUT", "/workflows/greeting"), ("DELETE", "/auth/sessions")):
        answer = await browser.http.request(method, V1 + path, json=GREETING, headers=headers)
        problem(answer, 403, "csrf_refused")
    problem(await browser.post("/workflows/greeting/executions", {}, headers=headers), 403, "csrf_refused")
    problem(await browser.post("/auth/refresh", {}, headers=headers), 403, "csrf_refused")
    problem(await browser.post("/auth/logout", headers=headers), 403, "csrf_refused")
    assert (await browser.get("/workflows")).json()["items"] == []


async def test_the_token_of_another_session_is_worth_nothing(application: Application, browser: Client) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=ORIGIN) as http:
        planted = (await sign_in(Client(http)))["csrfToken"]
    problem(await browser.post("/workflows", GREETING, headers={"X-CSRF-Token": planted}), 403, "csrf_refused")


async def test_what_the_browser_says_another_site_sent_is_refused(browser: Client) -> None:
    for path in ("/workflows", "/auth/me"):
        problem(await browser.get(path, headers={"Sec-Fetch-Site": "cross-site"}), 403, "csrf_refused")
        assert (await browser.get(path, headers={"Sec-Fetch-Site": "same-origin"})).status_code == 200


async def test_programs_with_a_token_of_their_own_need_none_of_this(browser: Client) -> None:
    del browser.http.headers["X-CSRF-Token"]
    tokens = (await browser.post("/auth/login", CREDENTIALS)).json()
    bearer = {"Authorization": f"Bearer {tokens['accessToken']}", "Sec-Fetch-Site": "cross-site"}
    assert (await browser.post("/workflows", GREETING, headers=bearer)).status_code == 201
    # and a token that does not count is not made good by a cookie
    problem(await browser.get("/workflows", headers={"Authorization": "Bearer x"}), 401, "unauthenticated")


async def test_a_new_proof_renews_the_cookies(browser: Client) -> None:
    secret = (await browser.post("/auth/mfa/totp", {"password": PASSWORD})).json()["secret"]
    answer = await browser.post("/auth/mfa/totp/confirm", {"code": TOTP(secret).now()})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["tokens"]) == {"csrfToken", "expiresIn", "tenant"}
    assert "weft_access" in set_cookies(answer)
    step = (await browser.post("/auth/login", {**CREDENTIALS, "cookies": True})).json()
    code = answer.json()["recoveryCodes"][0]
    done = await browser.post("/auth/mfa/verify", {"mfaToken": step["mfaToken"], "code": code, "cookies": True})
    assert set(done.json()) == {"csrfToken", "expiresIn", "tenant"}
