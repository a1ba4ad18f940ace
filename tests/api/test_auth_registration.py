"""Registering, confirming addresses, invitations."""

from __future__ import annotations

from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, Client, problem
from tests.api.mailbox import Mailbox
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.identity.accounts import Accounts
from weftline.model.ids import DEFAULT_TENANT

ADA = "ada@example.com"
HER_PASSWORD = "seven lazy otters juggle"


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
async def operator(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_operator")


async def set_registration(operator: asyncpg.Connection, mode: str) -> None:
    await operator.execute(
        "UPDATE platform_settings SET configuration = jsonb_build_object('registration', $1::text)", mode
    )


async def take_everybody_in(application: Application, operator: asyncpg.Connection) -> None:
    """Let the default tenant take in whoever registers."""
    await operator.execute('UPDATE tenants SET configuration = \'{"security": {"openRegistration": true}}\'')
    assert application.services is not None
    application.services.cache.forget("tenant", DEFAULT_TENANT)


async def register(client: Client, email: str = ADA, **fields: Any) -> httpx.Response:
    return await client.post("/auth/register", {"email": email, "name": "Ada", "password": HER_PASSWORD, **fields})


async def test_registration_is_closed_unless_somebody_opens_it(anonymous: Client, mailbox: Mailbox) -> None:
    problem(await register(anonymous), 403, "registration_closed")
    assert await mailbox.templates(ADA) == []


async def test_an_account_exists_once_its_address_is_confirmed(
    anonymous: Client, operator: asyncpg.Connection, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await set_registration(operator, "open")
    assert (await register(anonymous)).status_code == 202
    assert await identity.fetchval("SELECT count(*) FROM users") == 0
    problem(await anonymous.post("/auth/login", {"email": ADA, "password": HER_PASSWORD}), 401, "wrong_credentials")

    body = {"token": await mailbox.token(ADA, "verify_email")}
    assert (await anonymous.post("/auth/verify-email", body)).json() == {"email": ADA, "hasPassword": True}
    tokens = await anonymous.sign_in(ADA, HER_PASSWORD)
    assert tokens["tenant"] is None
    me = (await anonymous.get("/auth/me")).json()
    assert (me["name"], me["isEmailVerified"], me["permissions"]) == ("Ada", True, [])
    problem(await anonymous.post("/auth/verify-email", body), 422, "token_not_valid")


async def test_whoever_registers_joins_as_a_viewer_where_the_tenant_takes_everybody_in(
    application: Application, anonymous: Client, operator: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await set_registration(operator, "open")
    await take_everybody_in(application, operator)
    await register(anonymous)
    await anonymous.post("/auth/verify-email", {"token": await mailbox.token(ADA, "verify_email")})
    tokens = await anonymous.sign_in(ADA, HER_PASSWORD)
    assert tokens["tenant"]["slug"] == "default"
    assert (await anonymous.get("/auth/me")).json()["roles"] == ["viewer"]


async def test_nobody_joins_a_tenant_that_is_full(
    application: Application, api: Client, operator: asyncpg.Connection, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await set_registration(operator, "open")
    await take_everybody_in(application, operator)
    await register(api)
    await operator.execute('UPDATE tenants SET configuration = configuration || \'{"limits": {"maxUsers": 1}}\'')
    assert application.services is not None
    application.services.cache.forget("tenant", DEFAULT_TENANT)
    answer = await api.post("/auth/verify-email", {"token": await mailbox.token(ADA, "verify_email")})
    problem(answer, 409, "limit_reached")
    assert await identity.fetchval("SELECT count(*) FROM users") == 1


async def test_a_tenant_that_takes_nobody_in_and_one_that_does_not_exist_look_alike(
    anonymous: Client, operator: asyncpg.Connection
) -> None:
    await set_registration(operator, "open")
    answers = [
        problem(await register(anonymous, tenant=name), 403, "registration_closed") for name in ("default", "no")
    ]
    assert answers[0]["detail"] == answers[1]["detail"]


async def test_known_and_unknown_addresses_get_the_same_answer_and_the_owner_is_told(
    api: Client, operator: asyncpg.Connection, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await set_registration(operator, "open")
    answers = [await register(api, email) for email in (EMAIL, ADA)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert await mailbox.templates(EMAIL) == ["account_exists"]
    await api.sign_in()


async def test_where_several_register_an_address_its_owner_chooses_the_password_anew(
    anonymous: Client, operator: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await set_registration(operator, "open")
    await register(anonymous, password="somebody elses choice")
    theirs = await mailbox.token(ADA, "verify_email")
    await register(anonymous)
    hers = await mailbox.token(ADA, "verify_email")
    answer = await anonymous.post("/auth/verify-email", {"token": theirs})
    assert answer.json() == {"email": ADA, "hasPassword": False}
    problem(await anonymous.post("/auth/verify-email", {"token": hers}), 422, "token_not_valid")
    for password in ("somebody elses choice", HER_PASSWORD):
        problem(await anonymous.post("/auth/login", {"email": ADA, "password": password}), 401, "wrong_credentials")
    await anonymous.post("/auth/password/forgot", {"email": ADA})
    body = {"token": await mailbox.token(ADA, "reset_password"), "newPassword": HER_PASSWORD}
    assert (await anonymous.post("/auth/password/reset", body)).status_code == 200
    await anonymous.sign_in(ADA, HER_PASSWORD)


async def test_the_message_is_sent_again_to_those_who_wait_for_it(
    anonymous: Client, operator: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await set_registration(operator, "open")
    await register(anonymous)
    answers = [await anonymous.post("/auth/verify-email/resend", {"email": email}) for email in (ADA, "no@example.com")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert await mailbox.templates(ADA) == ["verify_email"] * 2
    for _ in range(3):
        await anonymous.post("/auth/verify-email/resend", {"email": ADA})
    assert await mailbox.templates(ADA) == ["verify_email"] * 3
    await anonymous.post("/auth/verify-email", {"token": await mailbox.token(ADA, "verify_email")})
    await anonymous.sign_in(ADA, HER_PASSWORD)


@pytest.mark.parametrize(
    "fields",
    [
        {"roles": ["admin"]},
        {"status": "active"},
        {"isPlatformOperator": True},
        {"emailVerifiedAt": "2026-01-01T00:00:00Z"},
        {"id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"},
        {"name": "two\nlines"},
        {"name": " "},
        {"email": "not an address"},
        {"password": "password"},
        {"password": "ada@example.com"},
        {"password": "x" * 257},
    ],
)
async def test_what_nobody_may_choose_for_themselves_is_refused(
    anonymous: Client, operator: asyncpg.Connection, mailbox: Mailbox, fields: dict[str, Any]
) -> None:
    await set_registration(operator, "open")
    answer = await register(anonymous, **fields)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{next(iter(fields))}"]
    assert await mailbox.templates(ADA) == []


async def invite(application: Application, identity: asyncpg.Connection, email: str, *roles: str) -> None:
    """Invite somebody to the default tenant."""
    services = application.services
    assert services is not None
    async with services.identity.unbound() as session:
        user_id = await services.people.invitations.invite(
            session, email, tenant_id=DEFAULT_TENANT, tenant_name="Default", inviter="Grace"
        )
    await identity.execute(
        "INSERT INTO memberships (tenant_id, user_id, roles, status) VALUES ($1, $2, $3, 'invited')",
        DEFAULT_TENANT,
        user_id,
        roles,
    )


async def accept(client: Client, token: str, **fields: Any) -> httpx.Response:
    return await client.post("/auth/invitations/accept", {"token": token, **fields})


async def test_whoever_is_invited_chooses_a_name_and_a_password(
    application: Application, anonymous: Client, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await invite(application, identity, ADA, "author")
    token = await mailbox.token(ADA, "invitation")
    problem(await accept(anonymous, token), 422, "password_not_expected")
    problem(await accept(anonymous, token, password="password"), 422, "weak_password")
    answer = await accept(anonymous, token, name="Ada Lovelace", password=HER_PASSWORD)
    assert answer.json()["email"] == ADA and answer.json()["tenant"]["slug"] == "default"
    problem(await accept(anonymous, token, password="nine brave herons dance"), 422, "token_not_valid")
    await anonymous.sign_in(ADA, HER_PASSWORD)
    me = (await anonymous.get("/auth/me")).json()
    assert (me["name"], me["roles"], me["isEmailVerified"]) == ("Ada Lovelace", ["author"], True)


async def test_whoever_has_an_account_keeps_its_password(
    application: Application, api: Client, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await identity.execute("UPDATE memberships SET status = 'invited'")
    assert application.services is not None
    async with application.services.identity.unbound() as session:
        await application.services.people.invitations.invite(
            session, EMAIL, tenant_id=DEFAULT_TENANT, tenant_name="Default", inviter="Grace"
        )
    token = await mailbox.token(EMAIL, "invitation")
    problem(await accept(api, token, password=HER_PASSWORD), 422, "password_not_expected")
    assert (await accept(api, token)).status_code == 200
    assert (await api.sign_in(EMAIL, PASSWORD))["tenant"]["slug"] == "default"


async def test_an_invitation_that_was_withdrawn_counts_no_more(
    application: Application, anonymous: Client, identity: asyncpg.Connection, connect: Connect, mailbox: Mailbox
) -> None:
    await invite(application, identity, ADA, "author")
    owner = await connect("weft_api", DEFAULT_TENANT)
    await owner.execute("DELETE FROM memberships")
    answer = await accept(anonymous, await mailbox.token(ADA, "invitation"), password=HER_PASSWORD)
    problem(answer, 422, "token_not_valid")


async def test_an_invitation_that_was_not_accepted_lets_nobody_in(
    application: Application, anonymous: Client, identity: asyncpg.Connection
) -> None:
    await invite(application, identity, ADA, "author")
    problem(await anonymous.post("/auth/login", {"email": ADA, "password": HER_PASSWORD}), 401, "wrong_credentials")


async def test_where_only_the_invited_may_register_they_get_their_invitation_again(
    application: Application,
    anonymous: Client,
    identity: asyncpg.Connection,
    operator: asyncpg.Connection,
    mailbox: Mailbox,
) -> None:
    await set_registration(operator, "invite")
    await invite(application, identity, ADA, "author")
    answers = [await register(anonymous, email) for email in (ADA, "bob@example.com")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert await mailbox.templates(ADA) == ["invitation"] * 2
    assert await mailbox.templates("bob@example.com") == []
    answer = await accept(anonymous, await mailbox.token(ADA, "invitation"), password=HER_PASSWORD)
    assert answer.status_code == 200


async def test_the_first_administrator_is_made_once(application: Application) -> None:
    assert application.services is not None
    accounts: Accounts = application.services.accounts
    made = await accounts.create_first(EMAIL, None)
    assert made is not None and made.password is not None
    assert await accounts.create_first("other@example.com", PASSWORD) is None
