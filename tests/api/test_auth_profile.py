"""People's own accounts: profile, address, sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, V1, Client, problem
from tests.api.mailbox import Mailbox
from tests.api.people import People
from tests.api.visitors import Visit, visiting
from tests.conftest import Connect
from weftline.api.app import Application

NEW = "new@example.com"


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
async def visit(application: Application) -> AsyncIterator[Visit]:
    async with visiting(application) as visit:
        yield visit


async def patch(client: Client, body: Any, **headers: str) -> httpx.Response:
    return await client.http.patch(f"{V1}/auth/me", json=body, headers=headers)


async def test_a_profile_is_changed_in_parts(api: Client) -> None:
    answer = await patch(api, {"name": "Ada", "language": "pt-BR", "timeZone": "Europe/Madrid"})
    assert answer.status_code == 200
    answer = await patch(api, {"preferences": {"notifications": {"tasks": False}}})
    answer = await patch(api, {"preferences": {"notifications": {"signIns": False}}, "language": None, "name": None})
    me = (await api.get("/auth/me")).json()
    assert answer.json() == me
    assert (me["name"], me["language"], me["timeZone"]) == ("Ada", None, "Europe/Madrid")
    assert me["preferences"]["notifications"] == {"signIns": False, "tasks": False, "escalations": True}


async def test_a_theme_is_remembered_beside_other_preferences(api: Client) -> None:
    assert (await api.get("/auth/me")).json()["preferences"]["theme"] == "system"
    for change in ({"theme": "dark"}, {"notifications": {"tasks": False}}):
        assert (await patch(api, {"preferences": change})).status_code == 200
    assert (await api.get("/auth/me")).json()["preferences"] == {
        "notifications": {"signIns": True, "tasks": False, "escalations": True},
        "theme": "dark",
    }


async def test_a_profile_that_was_changed_meanwhile_is_not_overwritten(api: Client) -> None:
    etag = (await api.get("/auth/me")).headers["etag"]
    first = await patch(api, {"name": "Ada"}, **{"If-Match": etag})
    assert first.status_code == 200 and first.headers["etag"] != etag
    problem(await patch(api, {"name": "Bob"}, **{"If-Match": etag}), 412, "precondition_failed")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"roles": ["admin"]}, "/roles"),
        ({"status": "active"}, "/status"),
        ({"email": NEW}, "/email"),
        ({"isPlatformOperator": True}, "/isPlatformOperator"),
        ({"emailVerifiedAt": "2026-01-01T00:00:00Z"}, "/emailVerifiedAt"),
        ({"etag": 5}, "/etag"),
        ({"preferences": {"admin": True}}, "/preferences/admin"),
        ({"preferences": {"theme": "pink"}}, "/preferences/theme"),
        ({"preferences": {"notifications": {"all": False}}}, "/preferences/notifications/all"),
        ({"language": "english"}, "/language"),
        ({"timeZone": "Mars/Olympus"}, "/timeZone"),
        ({"timeZone": "../../etc/passwd"}, "/timeZone"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "two\nlines"}, "/name"),
    ],
)
async def test_what_nobody_may_change_of_themselves_is_refused(api: Client, body: dict[str, Any], pointer: str) -> None:
    before = (await api.get("/auth/me")).json()
    document = problem(await patch(api, body), 422, "invalid_request")
    assert [error["pointer"] for error in document["errors"]] == [pointer]
    assert (await api.get("/auth/me")).json() == before


async def test_an_address_changes_when_the_new_mailbox_confirms_it(api: Client, visit: Visit, mailbox: Mailbox) -> None:
    problem(await api.post("/auth/email/change", {"newEmail": NEW, "password": "wrong"}), 422, "proof_refused")
    answer = await api.post("/auth/email/change", {"newEmail": NEW, "password": PASSWORD})
    assert answer.status_code == 202
    assert (await api.get("/auth/me")).json()["email"] == EMAIL
    body = {"token": await mailbox.token(NEW, "verify_email")}
    assert (await visit().post("/auth/verify-email", body)).json() == {"email": NEW, "hasPassword": True}
    assert (await api.get("/auth/me")).json()["email"] == NEW
    assert await mailbox.templates(EMAIL) == ["email_changed"]
    problem(await visit().post("/auth/login", {"email": EMAIL, "password": PASSWORD}), 401, "wrong_credentials")
    await visit().sign_in(NEW)


async def test_an_address_that_has_an_account_is_not_told_and_not_taken(
    api: Client, people: People, mailbox: Mailbox
) -> None:
    grace = await people.join("grace", "viewer")
    answers = [
        await api.post("/auth/email/change", {"newEmail": email, "password": PASSWORD}) for email in (grace.email, NEW)
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert await mailbox.templates(grace.email) == ["account_exists"]


async def test_an_address_that_was_taken_meanwhile_is_refused(
    api: Client, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await api.post("/auth/email/change", {"newEmail": NEW, "password": PASSWORD})
    await identity.execute("INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), $1, 'New')", NEW)
    answer = await api.post("/auth/verify-email", {"token": await mailbox.token(NEW, "verify_email")})
    problem(answer, 422, "token_not_valid")
    assert (await api.get("/auth/me")).json()["email"] == EMAIL


async def test_sessions_are_listed_in_pages_the_newest_first(api: Client, visit: Visit) -> None:
    elsewhere = visit("198.51.100.7")
    elsewhere.http.headers["User-Agent"] = "A phone"
    await elsewhere.sign_in()
    first = (await api.get("/auth/sessions?limit=1")).json()
    second = (await api.get(f"/auth/sessions?limit=1&cursor={first['nextCursor']}")).json()
    assert second["nextCursor"] is None
    (phone,), (own,) = first["items"], second["items"]
    assert (phone["address"], phone["userAgent"], phone["isCurrent"]) == ("198.51.100.7", "A phone", False)
    assert own["isCurrent"] and own["tenant"] == "default" and own["methods"] == ["pwd"]


async def test_one_session_is_ended(api: Client, visit: Visit) -> None:
    elsewhere = visit()
    await elsewhere.sign_in()
    other = (await api.get("/auth/sessions")).json()["items"][0]["id"]
    assert (await api.http.delete(f"{V1}/auth/sessions/{other}")).json() == {"ended": 1}
    problem(await elsewhere.get("/auth/me"), 401, "unauthenticated")
    problem(await api.http.delete(f"{V1}/auth/sessions/{other}"), 404, "session_not_found")
    assert (await api.get("/auth/me")).status_code == 200


async def test_all_other_sessions_are_ended(api: Client, visit: Visit) -> None:
    others = [visit(), visit()]
    for other in others:
        await other.sign_in()
    assert (await api.http.delete(f"{V1}/auth/sessions")).json() == {"ended": 2}
    for other in others:
        problem(await other.get("/auth/me"), 401, "unauthenticated")
    assert len((await api.get("/auth/sessions")).json()["items"]) == 1


async def test_nobody_sees_or_ends_others_sessions(api: Client, people: People) -> None:
    grace = await people.join("grace", "admin")
    (hers,) = (await grace.get("/auth/sessions")).json()["items"]
    assert hers["id"] not in [each["id"] for each in (await api.get("/auth/sessions")).json()["items"]]
    problem(await api.http.delete(f"{V1}/auth/sessions/{hers['id']}"), 404, "session_not_found")
    assert (await grace.get("/auth/me")).status_code == 200
