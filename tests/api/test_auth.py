"""Signing in, tokens, refreshing, signing out."""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.api.client import EMAIL, PASSWORD, PATIENCE, Client, problem, running
from tests.api.conftest import api_options
from tests.api.mailbox import Mailbox
from tests.api.people import People
from tests.api.visitors import Visit, visiting
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.model.ids import DEFAULT_TENANT, uuid7


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
async def operator(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_operator")


@pytest.fixture
async def visit(application: Application) -> AsyncIterator[Visit]:
    async with visiting(application) as visit:
        yield visit


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def part(token: str, index: int) -> dict[str, Any]:
    text = token.split(".")[index]
    return orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])  # type: ignore[arg-type]


def with_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token with an HMAC; no library would take a public key for a secret any more."""
    text = f"{encoded(header)}.{encoded(claims)}"
    digest = hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


async def our_key(application: Application, kid: str) -> OKPKey:
    """The key with which the platform signs."""
    assert application.services is not None
    return application.services.tokens._keys[kid].key  # pyright: ignore[reportPrivateUsage]


async def test_signing_in_gives_tokens_for_the_tenant_one_belongs_to(application: Application, api: Client) -> None:
    tokens = await api.sign_in()
    assert tokens["tokenType"] == "Bearer"
    assert tokens["expiresIn"] == 600
    assert tokens["tenant"] == {"id": str(DEFAULT_TENANT), "slug": "default", "name": "Default"}
    claims = part(tokens["accessToken"], 1)
    assert claims["tid"] == str(DEFAULT_TENANT)
    assert claims["roles"] == ["admin"] and claims["permissions"] == ["*"] and claims["amr"] == ["pwd"]


async def test_tokens_are_not_to_be_stored_by_anybody_on_the_way(api: Client) -> None:
    answer = await api.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert answer.headers["cache-control"] == "no-store"


async def test_the_address_is_the_same_in_any_case(api: Client) -> None:
    assert (await api.post("/auth/login", {"email": "Admin@Example.COM", "password": PASSWORD})).status_code == 200


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(api: Client, visit: Visit) -> None:
    answers = [
        problem(await visit().post("/auth/login", {"email": email, "password": "wrong"}), 401, "wrong_credentials")
        for email in (EMAIL, "nobody@example.com", "no address at all")
    ]
    for answer in answers:
        del answer["correlationId"]
    assert answers[0] == answers[1] == answers[2]


async def test_a_disabled_account_is_refused_as_if_it_were_unknown(
    people: People, identity: asyncpg.Connection, visit: Visit
) -> None:
    grace = await people.join("grace", "viewer")
    await identity.execute("UPDATE users SET status = 'disabled' WHERE id = $1", grace.id)
    answer = await visit().post("/auth/login", {"email": grace.email, "password": PASSWORD})
    problem(answer, 401, "wrong_credentials")


async def test_nobody_signs_in_to_a_tenant_they_do_not_belong_to(
    api: Client, operator: asyncpg.Connection, visit: Visit
) -> None:
    await operator.execute("INSERT INTO tenants (id, slug, name) VALUES ($1, 'other', 'Other')", uuid7())
    for tenant in ("other", "missing"):
        answer = await visit().post("/auth/login", {"email": EMAIL, "password": PASSWORD, "tenant": tenant})
        problem(answer, 403, "no_membership")
        answer = await visit().post(
            "/auth/login", {"email": EMAIL, "password": PASSWORD}, headers={"X-Tenant-ID": tenant}
        )
        problem(answer, 403, "no_membership")


async def test_a_header_that_names_another_tenant_than_the_token_is_refused(
    api: Client, operator: asyncpg.Connection
) -> None:
    await operator.execute("INSERT INTO tenants (id, slug, name) VALUES ($1, 'other', 'Other')", uuid7())
    problem(await api.get("/auth/me", headers={"X-Tenant-ID": "other"}), 403, "tenant_mismatch")
    assert (await api.get("/auth/me", headers={"X-Tenant-ID": "default"})).status_code == 200


async def test_the_published_keys_check_our_tokens(api: Client) -> None:
    tokens = await api.sign_in()
    keys = (await api.get("/.well-known/jwks.json")).json()["keys"]
    assert keys == (await api.http.get("/.well-known/jwks.json")).json()["keys"]
    key = next(key for key in keys if key["kid"] == part(tokens["accessToken"], 0)["kid"])
    assert "d" not in key
    decoded = jwt.decode(tokens["accessToken"], OKPKey.import_key(key), algorithms=["EdDSA"])
    assert decoded.claims["sub"] == (await api.get("/auth/me")).json()["id"]


async def test_a_forged_token_is_refused(
    application: Application, api: Client, visit: Visit, subtests: pytest.Subtests
) -> None:
    token = (await api.sign_in())["accessToken"]
    header, claims = part(token, 0), part(token, 1)
    own = OKPKey.generate_key("Ed25519")
    ours = await our_key(application, header["kid"])
    public = ours.public_key  # type: ignore[attr-defined]
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body, signature = token.split(".")
    now = int(time.time())
    forged = {
        "unsigned": f"{encoded({**header, 'alg': 'none'})}.{body}.",
        "unsigned, oddly written": f"{encoded({**header, 'alg': 'nOnE'})}.{body}.{signature}",
        "signed with the public key as a secret": with_secret({**header, "alg": "HS256"}, claims, pem),
        "signed with another key": signed(header, claims, own),
        "of an unknown key": signed({**header, "kid": str(uuid7())}, claims, own),
        "with a key of its own": signed({**header, "kid": "own", "jwk": own.as_dict(private=False)}, claims, own),
        "without a key": signed({"alg": "EdDSA", "typ": "at+jwt"}, claims, ours),
        "with changed claims": f"{head}.{encoded({**claims, 'sub': str(uuid7())})}.{signature}",
        "with a changed signature": f"{head}.{body}.{'A' * len(signature)}",
        "expired": signed(header, {**claims, "exp": now - 1}, ours),
        "without an end": signed(header, {k: v for k, v in claims.items() if k != "exp"}, ours),
        "of another type": signed({**header, "typ": "JWT"}, claims, ours),
        "for somebody else": signed(header, {**claims, "aud": "others"}, ours),
        "of another issuer": signed(header, {**claims, "iss": "others"}, ours),
        "without a session": signed(header, {k: v for k, v in claims.items() if k != "sid"}, ours),
        "for another tenant": signed(header, {**claims, "tid": str(uuid7())}, ours),
        "of somebody unknown": signed(header, {**claims, "sub": str(uuid7())}, ours),
        "of an operator without a reason": signed(header, {**claims, "opr": True}, ours),
        "of no person": signed(header, {**claims, "sub": "admin"}, ours),
        "oversized": f"{head}.{body}{'A' * 10_000}.{signature}",
        "of two parts": f"{head}.{body}",
        "empty": "..",
        "nonsense": "nonsense",
        "an unknown API key": "wk_" + "A" * 64,
    }
    for what, text in forged.items():
        with subtests.test(what):
            problem(await visit().get("/auth/me", headers=bearer(text)), 401, "unauthenticated")
    assert (await visit().get("/auth/me", headers=bearer(token))).status_code == 200


@pytest.mark.parametrize("scheme", ["", "Basic YTpi", "Bearer", "Bearer "])
async def test_what_is_no_token_is_refused(application: Application, visit: Visit, scheme: str) -> None:
    problem(await visit().get("/auth/me", headers={"Authorization": scheme}), 401, "unauthenticated")


async def test_each_refresh_token_works_once_and_a_replay_ends_the_session(api: Client, visit: Visit) -> None:
    first = await api.sign_in()
    second = (await api.post("/auth/refresh", {"refreshToken": first["refreshToken"]})).json()
    assert second["refreshToken"] != first["refreshToken"]
    assert (await visit().get("/auth/me", headers=bearer(second["accessToken"]))).status_code == 200

    problem(await visit().post("/auth/refresh", {"refreshToken": first["refreshToken"]}), 401, "session_over")
    problem(await visit().post("/auth/refresh", {"refreshToken": second["refreshToken"]}), 401, "session_over")
    for tokens in (first, second):
        problem(await visit().get("/auth/me", headers=bearer(tokens["accessToken"])), 401, "unauthenticated")


async def test_of_two_refreshes_at_once_one_wins_at_most_and_the_session_ends(
    api: Client, visit: Visit, identity: asyncpg.Connection
) -> None:
    tokens = await api.sign_in()
    body = {"refreshToken": tokens["refreshToken"]}
    answers = await asyncio.gather(*(visit().post("/auth/refresh", body) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    session = part(tokens["accessToken"], 1)["sid"]
    reason = await identity.fetchval("SELECT end_reason FROM sessions WHERE id = $1", UUID(session))
    assert reason == "refresh token was replayed"


async def test_the_refresh_token_may_be_called_token(api: Client) -> None:
    tokens = await api.sign_in()
    assert (await api.post("/auth/refresh", {"token": tokens["refreshToken"]})).status_code == 200


async def test_an_idle_session_is_not_refreshed(api: Client, identity: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await identity.execute("UPDATE sessions SET last_used_at = now() - interval '8 days'")
    problem(await api.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}), 401, "session_over")


async def test_an_old_session_is_not_refreshed(api: Client, identity: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await identity.execute("UPDATE sessions SET expires_at = now()")
    problem(await api.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}), 401, "session_over")


async def test_many_sessions_are_refreshed_at_once(api: Client, visit: Visit) -> None:
    held = [await api.sign_in() for _ in range(12)]
    answers = await asyncio.gather(
        *(visit().post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}) for tokens in held)
    )
    assert [answer.status_code for answer in answers] == [200] * 12


async def test_after_signing_out_neither_token_counts(api: Client, visit: Visit) -> None:
    tokens = await api.sign_in()
    answer = await api.post("/auth/logout")
    assert (answer.status_code, answer.json()) == (200, {"signedOut": True})
    problem(await api.get("/auth/me"), 401, "unauthenticated")
    problem(await visit().post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}), 401, "session_over")


async def test_another_process_forgets_an_ended_session_within_seconds(
    application: Application, api: Client, database: str
) -> None:
    tokens = await api.sign_in()
    other = Application(api_options(database))
    async with running(other), visiting(other) as visit_other:
        elsewhere = visit_other()
        elsewhere.http.headers.update(bearer(tokens["accessToken"]))
        assert (await elsewhere.get("/auth/me")).status_code == 200
        await api.post("/auth/logout")
        async with asyncio.timeout(PATIENCE):
            while (await elsewhere.get("/auth/me")).status_code == 200:
                pass


async def test_signing_in_from_somewhere_new_is_told_by_mail(api: Client, visit: Visit, mailbox: Mailbox) -> None:
    assert await mailbox.templates(EMAIL) == []
    await visit("127.0.0.9").sign_in()
    assert await mailbox.templates(EMAIL) == []
    tokens = await visit("198.51.100.7").sign_in()
    assert await mailbox.templates(EMAIL) == ["new_sign_in"]
    assert "198.51.100.7" in await mailbox.text(EMAIL, "new_sign_in")
    await visit("203.0.113.9").sign_in(deviceToken=tokens["deviceToken"])
    assert await mailbox.templates(EMAIL) == ["new_sign_in"]


async def test_who_does_not_want_to_know_of_sign_ins_is_not_told(api: Client, visit: Visit, mailbox: Mailbox) -> None:
    choice = {"preferences": {"notifications": {"signIns": False}}}
    assert (await api.http.patch("/api/v1/auth/me", json=choice)).status_code == 200
    await visit("198.51.100.7").sign_in()
    assert await mailbox.templates(EMAIL) == []


async def test_everything_about_signing_in_is_in_the_audit_log(api: Client, identity: asyncpg.Connection) -> None:
    await api.post("/auth/login", {"email": EMAIL, "password": "wrong"})
    await api.post("/auth/logout")
    actions = [row["action"] for row in await identity.fetch("SELECT action FROM audit_log ORDER BY occurred_at, seq")]
    assert [action for action in actions if action.startswith(("user.s", "session."))] == [
        "user.signed_in",
        "user.sign_in_refused",
        "session.ended",
    ]
