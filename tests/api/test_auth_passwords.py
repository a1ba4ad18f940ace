"""Changing and recovering passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.api.client import EMAIL, PASSWORD, Client, problem
from tests.api.mailbox import Mailbox
from tests.api.visitors import Visit, visiting
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.model.ids import DEFAULT_TENANT

ANOTHER = "seven lazy otters juggle"


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
async def visit(application: Application) -> AsyncIterator[Visit]:
    async with visiting(application) as visit:
        yield visit


async def change(client: Client, current: str = PASSWORD, new: str = ANOTHER) -> dict[str, int]:
    answer = await client.post("/auth/password/change", {"currentPassword": current, "newPassword": new})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_changing_the_password_ends_the_other_sessions_only(api: Client, visit: Visit, mailbox: Mailbox) -> None:
    elsewhere = visit()
    await elsewhere.sign_in()
    assert await change(api) == {"sessionsEnded": 1}
    assert (await api.get("/auth/me")).status_code == 200
    problem(await elsewhere.get("/auth/me"), 401, "unauthenticated")
    problem(await visit().post("/auth/login", {"email": EMAIL, "password": PASSWORD}), 401, "wrong_credentials")
    await visit().sign_in(password=ANOTHER)
    assert await mailbox.templates(EMAIL) == ["password_changed"]


async def test_the_current_password_is_asked_for(api: Client) -> None:
    body = {"currentPassword": "wrong", "newPassword": ANOTHER}
    document = problem(await api.post("/auth/password/change", body), 422, "proof_refused")
    assert [error["pointer"] for error in document["errors"]] == ["/currentPassword"]
    problem(await api.post("/auth/password/change", {"newPassword": ANOTHER}), 422, "invalid_request")


async def test_who_stole_a_session_cannot_try_passwords_for_long(api: Client) -> None:
    body = {"currentPassword": "wrong", "newPassword": ANOTHER}
    for _ in range(5):
        problem(await api.post("/auth/password/change", body), 422, "proof_refused")
    answer = await api.post("/auth/password/change", body)
    problem(answer, 429, "too_many_tries")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "weak",
    [
        "1234567",
        "password",
        "password1234",
        "qwertyuiop",
        "admin@example.com",
        "administrator",
        "weftline2026",
        "default2026",
        "aaaaaaaaaaaaaaaa",
        PASSWORD,
    ],
)
async def test_a_new_password_that_is_easy_to_guess_is_refused_with_advice(api: Client, weak: str) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": weak}
    document = problem(await api.post("/auth/password/change", body), 422, "weak_password")
    (error,) = document["errors"]
    assert error["pointer"] == "/newPassword" and error["message"]


async def test_a_password_may_be_long_and_of_any_characters(api: Client, visit: Visit) -> None:
    long = "日本語 пароль ñandú 🦦 " * 5 + "  the end  "
    await change(api, new=long)
    await visit().sign_in(password=long)
    answer = await visit().post("/auth/login", {"email": EMAIL, "password": long.strip()})
    problem(answer, 401, "wrong_credentials")


async def test_a_tenant_may_ask_for_stronger_passwords(application: Application, api: Client, connect: Connect) -> None:
    operator = await connect("weft_operator")
    await operator.execute("UPDATE tenants SET configuration = $1", '{"security": {"minPasswordScore": 4}}')
    assert application.services is not None
    application.services.cache.forget("tenant", DEFAULT_TENANT)
    body = {"currentPassword": PASSWORD, "newPassword": "brave heron"}
    problem(await api.post("/auth/password/change", body), 422, "weak_password")
    await operator.execute("UPDATE tenants SET configuration = '{}'")
    application.services.cache.forget("tenant", DEFAULT_TENANT)
    await change(api, new="brave heron")


async def test_a_forgotten_password_is_replaced_by_the_link_from_the_mail(
    api: Client, visit: Visit, mailbox: Mailbox
) -> None:
    visitor = visit("198.51.100.7")
    answer = await visitor.post("/auth/password/forgot", {"email": EMAIL})
    assert answer.status_code == 202
    token = await mailbox.token(EMAIL, "reset_password")
    reset = await visitor.post("/auth/password/reset", {"token": token, "newPassword": ANOTHER})
    assert reset.status_code == 200
    problem(await api.get("/auth/me"), 401, "unauthenticated")
    await visitor.sign_in(password=ANOTHER)
    again = await visitor.post("/auth/password/reset", {"token": token, "newPassword": "nine brave herons dance"})
    problem(again, 422, "token_not_valid")


async def test_a_weak_choice_does_not_use_up_the_link(api: Client, mailbox: Mailbox) -> None:
    await api.post("/auth/password/forgot", {"email": EMAIL})
    token = await mailbox.token(EMAIL, "reset_password")
    problem(await api.post("/auth/password/reset", {"token": token, "newPassword": "password"}), 422, "weak_password")
    assert (await api.post("/auth/password/reset", {"token": token, "newPassword": ANOTHER})).status_code == 200


async def test_a_link_counts_no_more_after_an_hour_or_once_the_password_was_changed(
    api: Client, mailbox: Mailbox, identity: asyncpg.Connection
) -> None:
    await api.post("/auth/password/forgot", {"email": EMAIL})
    old = await mailbox.token(EMAIL, "reset_password")
    await identity.execute("UPDATE one_time_tokens SET expires_at = created_at")
    await api.post("/auth/password/forgot", {"email": EMAIL})
    new = await mailbox.token(EMAIL, "reset_password")
    await change(api)
    for token in (old, new):
        answer = await api.post("/auth/password/reset", {"token": token, "newPassword": "nine brave herons dance"})
        problem(answer, 422, "token_not_valid")


async def test_asking_tells_nobody_who_has_an_account(visit: Visit, api: Client, mailbox: Mailbox) -> None:
    answers = [
        await visit().post("/auth/password/forgot", {"email": email})
        for email in (EMAIL, "nobody@example.com", "no address at all")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert await mailbox.templates("nobody@example.com") == []


async def test_nobody_is_flooded_with_mail(api: Client, mailbox: Mailbox) -> None:
    for _ in range(5):
        assert (await api.post("/auth/password/forgot", {"email": EMAIL})).status_code == 202
    assert await mailbox.templates(EMAIL) == ["reset_password"] * 3


async def test_a_token_for_one_thing_is_good_for_nothing_else(api: Client, mailbox: Mailbox) -> None:
    await api.post("/auth/password/forgot", {"email": EMAIL})
    token = await mailbox.token(EMAIL, "reset_password")
    problem(await api.post("/auth/verify-email", {"token": token}), 422, "token_not_valid")
    problem(await api.post("/auth/invitations/accept", {"token": token}), 422, "token_not_valid")
    problem(await api.post("/auth/mfa/verify", {"mfaToken": token, "code": "123456"}), 422, "token_not_valid")
