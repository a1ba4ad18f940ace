"""Second factors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import asyncpg
import httpx
import pytest
from pyotp.totp import TOTP

from tests.api.client import EMAIL, PASSWORD, Client, problem, running
from tests.api.conftest import api_options
from tests.api.mailbox import Mailbox
from tests.api.visitors import Visit, visiting
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.model.ids import DEFAULT_TENANT

STEP = 30


class Clock:
    """The time by which codes are checked; it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def next_step(self) -> None:
        """Move on to the next code."""
        self.now += STEP


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def application(database: str, clock: Clock) -> AsyncIterator[Application]:
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, clock=clock)))
    async with running(app):
        yield app


@pytest.fixture
async def visit(application: Application) -> AsyncIterator[Visit]:
    async with visiting(application) as visit:
        yield visit


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


class Authenticator:
    """An authenticator app that was set up, and what came with it."""

    def __init__(self, clock: Clock, secret: str, recovery_codes: list[str]) -> None:
        self._clock = clock
        self._totp = TOTP(secret)
        self.recovery_codes = recovery_codes

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many steps later."""
        return self._totp.at(int(self._clock.now) + STEP * steps)


async def begin(client: Client) -> dict[str, Any]:
    answer = await client.post("/auth/mfa/totp", {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def enrol(client: Client, clock: Clock) -> Authenticator:
    """Set up a second factor; the client goes on with the new tokens, and the next code is a fresh one."""
    secret = (await begin(client))["secret"]
    answer = await client.post("/auth/mfa/totp/confirm", {"code": TOTP(secret).at(int(clock.now))})
    assert answer.status_code == 200, answer.text
    client.http.headers["Authorization"] = f"Bearer {answer.json()['tokens']['accessToken']}"
    clock.next_step()
    return Authenticator(clock, secret, answer.json()["recoveryCodes"])


@pytest.fixture
async def app(api: Client, clock: Clock) -> Authenticator:
    """The administrator's authenticator app."""
    return await enrol(api, clock)


async def give_password(client: Client, **fields: Any) -> str:
    """The first step of signing in; returns the token for the second."""
    answer = await client.post("/auth/login", {"email": EMAIL, "password": PASSWORD, **fields})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["mfaRequired"] is True and "accessToken" not in body
    assert body["methods"] == ["totp", "recovery_code"] and body["expiresIn"] == 300
    return body["mfaToken"]


async def verify(client: Client, token: str, code: str) -> httpx.Response:
    return await client.post("/auth/mfa/verify", {"mfaToken": token, "code": code})


async def test_setting_up_shows_a_secret_and_a_qr_code(api: Client) -> None:
    shown = await begin(api)
    assert shown["uri"].startswith("otpauth://totp/Weftline:admin%40example.com?secret=")
    assert f"secret={shown['secret']}" in shown["uri"]
    assert shown["qrCode"].startswith("data:image/svg+xml") and "<svg" in unquote(shown["qrCode"])
    assert (await api.get("/auth/mfa/status")).json()["isEnabled"] is False


async def test_the_secret_is_not_stored_in_the_clear(api: Client, identity: asyncpg.Connection) -> None:
    secret = (await begin(api))["secret"]
    assert secret.encode() not in await identity.fetchval("SELECT secret FROM totp_factors")


async def test_setting_up_needs_the_password_and_a_code(api: Client, clock: Clock) -> None:
    problem(await api.post("/auth/mfa/totp/confirm", {"code": "123456"}), 409, "no_second_factor")
    problem(await api.post("/auth/mfa/totp", {"password": "wrong"}), 422, "proof_refused")
    secret = (await begin(api))["secret"]
    stale = TOTP(secret).at(int(clock.now) - 2 * STEP)
    problem(await api.post("/auth/mfa/totp/confirm", {"code": stale}), 422, "proof_refused")
    assert "accessToken" in await api.sign_in()


async def test_once_it_is_set_up_signing_in_takes_two_steps(
    api: Client, app: Authenticator, visit: Visit, mailbox: Mailbox
) -> None:
    status = (await api.get("/auth/mfa/status")).json()
    assert (status["isEnabled"], status["recoveryCodesLeft"]) == (True, 10)
    assert (await api.get("/auth/me")).json()["methods"] == ["otp", "pwd"]
    assert await mailbox.templates(EMAIL) == ["second_factor"]

    visitor = visit()
    token = await give_password(visitor)
    answer = await verify(visitor, token, app.code())
    assert answer.status_code == 200 and answer.json()["deviceToken"]
    visitor.http.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
    assert (await visitor.get("/auth/me")).json()["methods"] == ["otp", "pwd"]
    problem(await verify(visitor, token, app.code(1)), 422, "token_not_valid")


async def test_setting_it_up_ends_other_sessions(api: Client, clock: Clock, visit: Visit) -> None:
    elsewhere = visit()
    await elsewhere.sign_in()
    await enrol(api, clock)
    problem(await elsewhere.get("/auth/me"), 401, "unauthenticated")


async def test_the_code_may_come_with_the_password(app: Authenticator, visit: Visit) -> None:
    assert "accessToken" in await visit().sign_in(code=app.code())


async def test_a_second_step_does_not_outlive_five_minutes(
    app: Authenticator, visit: Visit, identity: asyncpg.Connection
) -> None:
    token = await give_password(visit())
    await identity.execute("UPDATE one_time_tokens SET expires_at = created_at")
    problem(await verify(visit(), token, app.code()), 422, "token_not_valid")


async def test_a_changed_password_takes_second_steps_back(api: Client, app: Authenticator, visit: Visit) -> None:
    token = await give_password(visit())
    body = {"currentPassword": PASSWORD, "newPassword": "seven lazy otters juggle"}
    assert (await api.post("/auth/password/change", body)).status_code == 200
    problem(await verify(visit(), token, app.code()), 422, "token_not_valid")


async def test_a_code_works_once(app: Authenticator, visit: Visit, clock: Clock) -> None:
    code = app.code()
    await visit().sign_in(code=code)
    problem(await verify(visit(), await give_password(visit()), code), 401, "wrong_code")
    clock.next_step()
    earlier = app.code(-1)
    problem(await verify(visit(), await give_password(visit()), earlier), 401, "wrong_code")


async def test_of_two_uses_of_one_code_at_once_one_wins(app: Authenticator, visit: Visit) -> None:
    tokens = [await give_password(visit()) for _ in range(2)]
    answers = await asyncio.gather(*(verify(visit(), token, app.code()) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 401]


async def test_a_clock_may_be_off_by_one_step_and_no_more(app: Authenticator, visit: Visit, clock: Clock) -> None:
    clock.next_step()
    for steps in (-2, 2):
        problem(await verify(visit(), await give_password(visit()), app.code(steps)), 401, "wrong_code")
    for steps in (-1, 1):
        assert (await verify(visit(), await give_password(visit()), app.code(steps))).status_code == 200


async def test_codes_may_be_typed_with_spaces(app: Authenticator, visit: Visit) -> None:
    code = app.code()
    await visit().sign_in(code=f"{code[:3]} {code[3:]}")


@pytest.mark.parametrize("code", ["000000x", "١٢٣٤٥٦", "-".join(["AAAA"] * 8), "-", "é" * 32])
async def test_what_is_no_code_is_refused(app: Authenticator, visit: Visit, code: str) -> None:
    problem(await verify(visit(), await give_password(visit()), code), 401, "wrong_code")


async def test_codes_cannot_be_guessed_for_long(app: Authenticator, visit: Visit) -> None:
    attacker = visit("198.51.100.7")
    wrong = next(
        code for code in ("000000", "000001", "000002", "000003") if code not in (app.code(n) for n in range(-1, 2))
    )
    token = await give_password(attacker)
    for _ in range(5):
        problem(await verify(attacker, token, wrong), 401, "wrong_code")
    problem(await verify(attacker, token, app.code()), 429, "too_many_tries")
    problem(await verify(attacker, await give_password(attacker), app.code()), 429, "too_many_tries")
    assert (await verify(visit(), await give_password(visit()), app.code())).status_code == 200


async def test_each_recovery_code_works_once(
    api: Client, app: Authenticator, visit: Visit, mailbox: Mailbox, identity: asyncpg.Connection
) -> None:
    assert len(set(app.recovery_codes)) == 10
    code = app.recovery_codes[0]
    assert (await verify(visit(), await give_password(visit()), code.lower())).status_code == 200
    problem(await verify(visit(), await give_password(visit()), code), 401, "wrong_code")
    assert (await api.get("/auth/mfa/status")).json()["recoveryCodesLeft"] == 9
    assert "9 are left" in await mailbox.text(EMAIL, "second_factor")
    hashes = [row["code_hash"] for row in await identity.fetch("SELECT code_hash FROM recovery_codes")]
    assert all(len(each) == 32 for each in hashes)


async def test_new_recovery_codes_replace_the_old_ones(api: Client, app: Authenticator, visit: Visit) -> None:
    problem(await api.post("/auth/mfa/recovery-codes", {"password": PASSWORD}), 422, "proof_refused")
    answer = await api.post("/auth/mfa/recovery-codes", {"password": PASSWORD, "code": app.code()})
    new = answer.json()["recoveryCodes"]
    assert len(new) == 10 and not set(new) & set(app.recovery_codes)
    problem(await verify(visit(), await give_password(visit()), app.recovery_codes[0]), 401, "wrong_code")
    assert (await verify(visit(), await give_password(visit()), new[0])).status_code == 200


async def test_removing_it_needs_password_and_code(api: Client, app: Authenticator, visit: Visit) -> None:
    problem(await api.post("/auth/mfa/disable", {"password": "wrong", "code": app.code()}), 422, "proof_refused")
    document = problem(await api.post("/auth/mfa/disable", {"password": PASSWORD}), 422, "proof_refused")
    assert document["errors"][0]["pointer"] == "/code"
    problem(await api.post("/auth/mfa/totp", {"password": PASSWORD}), 409, "second_factor_exists")
    answer = await api.post("/auth/mfa/disable", {"password": PASSWORD, "code": app.code()})
    assert answer.status_code == 200
    tokens = await visit().sign_in()
    visitor = visit()
    visitor.http.headers["Authorization"] = f"Bearer {tokens['accessToken']}"
    assert (await visitor.get("/auth/me")).json()["methods"] == ["pwd"]
    renewed = visit()
    renewed.http.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
    assert (await renewed.get("/auth/me")).json()["methods"] == ["pwd"]
    problem(await renewed.post("/auth/mfa/disable", {"password": PASSWORD}), 409, "no_second_factor")


async def test_a_new_password_by_mail_does_not_get_round_it(app: Authenticator, visit: Visit, mailbox: Mailbox) -> None:
    await visit().post("/auth/password/forgot", {"email": EMAIL})
    body = {"token": await mailbox.token(EMAIL, "reset_password"), "newPassword": "seven lazy otters juggle"}
    assert (await visit().post("/auth/password/reset", body)).status_code == 200
    await give_password(visit(), password="seven lazy otters juggle")


async def test_who_must_have_one_can_do_nothing_but_set_it_up(
    application: Application, api: Client, clock: Clock, connect: Connect
) -> None:
    operator = await connect("weft_operator")
    await operator.execute('UPDATE tenants SET configuration = \'{"security": {"requireMfa": true}}\'')
    assert application.services is not None
    application.services.cache.forget("tenant", DEFAULT_TENANT)
    problem(await api.get("/workflows"), 403, "second_factor_required")
    assert (await api.get("/auth/mfa/status")).json()["isRequired"] is True
    await enrol(api, clock)
    assert (await api.get("/workflows")).status_code == 200


async def test_an_operator_helps_who_lost_everything(
    application: Application, api: Client, app: Authenticator, visit: Visit, connect: Connect
) -> None:
    me = (await api.get("/auth/me")).json()["id"]
    path = f"/platform/users/{me}/second-factor/reset"
    problem(await api.post(path, {}), 422, "invalid_request")
    assert (await api.post(path, {"reason": "showed her passport"})).json() == {"reset": True}
    problem(await api.get("/auth/me"), 401, "unauthenticated")
    assert "accessToken" in await visit().sign_in()


async def test_an_api_key_sets_up_nothing(application: Application, api: Client) -> None:
    answer = await api.post("/api-keys", {"name": "robot"})
    assert answer.status_code == 201, answer.text
    api.http.headers["Authorization"] = f"Bearer {answer.json()['key']}"
    problem(await api.post("/auth/mfa/totp", {"password": PASSWORD}), 403, "people_only")
    problem(await api.get("/auth/sessions"), 403, "people_only")
