"""Ways to sign in that plugins add: they say who somebody is, and everything else stays the platform's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP

from tests.api.client import EMAIL, PASSWORD, problem, running
from tests.api.conftest import api_options
from tests.api.test_plugins import plugins_of
from tests.api.world import Person, World
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.authoring import ActionRegistry
from weftline.authoring.plugin import AuthProvider, Identity, PasswordAttempt, Plugin, PluginApp
from weftline.features.identity import vouching

ADA = Identity(subject="uid=ada", email="ada@Acme.example", name="Ada", joins_with=["author"])
BOB = Identity(subject="uid=bob", email="bob@acme.example", name="Bob")


class Directory(Plugin):
    """People by what they type as their name."""

    id = "dir"
    name = "Directory"
    version = "1.0.0"

    def __init__(self) -> None:
        self.people: dict[str, tuple[str, object]] = {"ada": ("ada's password", ADA), "bob": ("bob's password", BOB)}
        self.asked: list[PasswordAttempt] = []
        self.fails: Exception | None = None
        self.hangs = False

    async def initialize(self, app: PluginApp) -> None:
        app.auth_provider(AuthProvider(name="dir.ldap", title={"en": "Directory"}, authenticate=self.authenticate))

    async def authenticate(self, attempt: PasswordAttempt) -> Identity | None:
        self.asked.append(attempt)
        while self.hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                # the worst there is: it does not even let itself be cancelled
                continue
        if self.fails is not None:
            raise self.fails
        password, identity = self.people.get(attempt.login, ("", None))
        return identity if password == attempt.password else None  # type: ignore[return-value]


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
async def application(
    database: str, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Application]:
    monkeypatch.setattr(vouching, "REFUSAL_SECONDS", 0.0)
    monkeypatch.setattr(vouching, "TIMEOUT_SECONDS", 0.5)
    app = Application(api_options(database, plugins=plugins_of(database, ActionRegistry(), directory)))
    async with running(app):
        yield app
        directory.hangs = False


async def attempt(world: World, login: str, password: str, **fields: Any) -> httpx.Response:
    visitor = await world.somebody()
    return await visitor.post("/auth/login", {"email": login, "password": password, **fields})


async def sign_in(world: World, login: str = "ada", tenant: str = "default", **fields: Any) -> Person:
    person = await world.somebody()
    await person.sign_in(login, f"{login}'s password", tenant=tenant, **fields)
    return person


async def test_who_is_known_joins_with_the_roles_that_the_provider_gives(world: World) -> None:
    ada = await sign_in(world)
    me = (await ada.get("/auth/me")).json()
    assert (me["email"], me["name"], me["tenant"]["slug"]) == ("ada@acme.example", "Ada", "default")
    assert me["roles"] == ["author"], me
    assert (await ada.get("/workflows")).status_code == 200
    [joined] = await world.operator.log("member.joined")
    assert joined["after"] == {"email": "ada@acme.example", "roles": ["author"], "provider": "dir.ldap"}
    entries = await world.operator.log("user.signed_in")
    assert entries[0]["after"] == {"methods": ["ext"], "provider": "dir.ldap"}
    again = (await (await sign_in(world)).get("/auth/me")).json()
    assert again["id"] == me["id"], "the same account"
    assert len(await world.operator.log("member.joined")) == 1


async def test_who_is_no_member_and_may_not_join_is_refused(world: World) -> None:
    problem(await attempt(world, "bob", "bob's password", tenant="default"), 403, "no_membership")
    refused = await world.operator.log("user.sign_in_refused")
    assert refused[0]["after"]["why"] == "they are no member, and the provider lets nobody join"
    problem(await attempt(world, "bob", "bob's password", tenant="default"), 403, "no_membership")


async def test_people_who_are_not_known_get_the_same_answer_as_those_who_mistype(
    world: World, directory: Directory
) -> None:
    answers = [
        await attempt(world, login, password, tenant="default")
        for login, password in (("ada", "wrong"), ("nobody", "wrong"), (EMAIL, "wrong"), ("x@example.com", "wrong"))
    ]
    told = [problem(each, 401, "wrong_credentials") for each in answers]
    assert len({each["detail"] for each in told}) == 1
    assert [each.login for each in directory.asked] == ["ada", "nobody", EMAIL, "x@example.com"], "all were looked for"
    assert "wrong" not in repr(directory.asked)


async def test_own_passwords_are_not_shown_to_providers_and_work_whatever_these_do(
    world: World, directory: Directory
) -> None:
    for directory.hangs, directory.fails in ((False, RuntimeError("down")), (True, None)):
        assert (await attempt(world, EMAIL, PASSWORD)).status_code == 200
    assert directory.asked == []


@pytest.mark.parametrize(("breaks", "why"), [("raises", "it raised RuntimeError"), ("hangs", "no answer within 0.5 s")])
async def test_a_provider_that_fails_or_hangs_is_told_of_without_a_word_of_what_was_typed(
    world: World, directory: Directory, breaks: str, why: str
) -> None:
    directory.hangs = breaks == "hangs"
    directory.fails = RuntimeError("the password 'ada's password' was not taken")
    answers = [
        await attempt(world, login, "ada's password", tenant="default") for login in ("ada", "nobody@example.com")
    ]
    assert len({problem(each, 503, "sign_in_unavailable")["detail"] for each in answers}) == 1
    shown = await world.operator.get("/plugins/dir")
    [fault] = shown.json()["faults"]
    assert (fault["part"], fault["message"], fault["times"]) == ("auth provider dir.ldap", why, 2)
    assert "ada's" not in shown.text


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("ada", "it answered with str, which is no Identity"),
        (Identity(subject="", email="a@b.c", name="A"), "its answer's subject is not one line of 1 to 255 characters"),
        (Identity(subject="s", email="nothing", name="A"), "its answer's email is no address"),
        (Identity(subject="s", email="a@b.c", name="A\nB"), "its answer's name is not one line of 1 to 200 characters"),
    ],
)
async def test_an_answer_that_is_no_identity_signs_nobody_in(
    world: World, directory: Directory, answer: object, why: str
) -> None:
    directory.people["ada"] = ("ada's password", answer)
    problem(await attempt(world, "ada", "ada's password", tenant="default"), 503, "sign_in_unavailable")
    [fault] = (await world.operator.get("/plugins/dir")).json()["faults"]
    assert fault["message"] == why


async def test_an_address_does_not_lead_to_an_account_that_is_there_already(world: World, directory: Directory) -> None:
    for email in (EMAIL, (await world.join("default", "cleo", "viewer")).email):
        claimed = Identity(subject=f"uid={email}", email=email, name="Mallory", joins_with=["viewer"])
        directory.people["mallory"] = ("mallory's password", claimed)
        problem(await attempt(world, "mallory", "mallory's password", tenant="default"), 403, "no_membership")
    refused = await world.operator.log("user.sign_in_refused")
    assert refused[0]["after"]["why"] == "the address has an account that is not tied to the provider"


async def test_subjects_of_one_tenant_are_nobody_in_another(world: World, directory: Directory) -> None:
    globex = await world.found("globex")
    ada = (await (await sign_in(world)).get("/auth/me")).json()
    directory.people["ada"] = (
        "ada's password",
        Identity(subject=ADA.subject, email="ada@globex.example", name="Ada of Globex", joins_with=["viewer"]),
    )
    other = (await (await sign_in(world, tenant="globex")).get("/auth/me")).json()
    assert other["id"] != ada["id"] and other["email"] == "ada@globex.example"
    assert (await globex.post("/plugins/dir/disable", None)).status_code == 200
    problem(await attempt(world, "ada", "ada's password", tenant="globex"), 401, "wrong_credentials")


async def test_where_there_are_several_tenants_one_has_to_be_named(world: World, directory: Directory) -> None:
    assert (await attempt(world, "ada", "ada's password")).status_code == 200, "it is the only one"
    await world.found("globex")
    directory.asked.clear()
    problem(await attempt(world, "ada", "ada's password"), 401, "wrong_credentials")
    problem(await attempt(world, "ada", "ada's password", tenant="nowhere"), 401, "wrong_credentials")
    assert directory.asked == []


async def test_a_session_that_a_tenants_directory_vouched_for_stays_in_the_tenant(
    world: World, connect: Connect
) -> None:
    await world.found("globex")
    ada = await world.somebody()
    tokens = await ada.sign_in("ada", "ada's password", tenant="default")
    id = (await ada.get("/auth/me")).json()["id"]
    identity = await connect("weft_identity")
    # whatever became of the account elsewhere
    await identity.execute(
        "INSERT INTO memberships (tenant_id, user_id, roles)"
        " SELECT id, $1, '{admin}' FROM tenants WHERE slug = 'globex'",
        id,
    )
    there = {"refreshToken": tokens["refreshToken"], "tenant": "globex"}
    problem(await ada.post("/auth/refresh", there), 403, "no_membership")
    assert (await ada.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]})).status_code == 200
    # and made an operator, it is none by this way
    await identity.execute("INSERT INTO platform_operators (user_id) VALUES ($1)", id)
    problem(await attempt(world, "ada", "ada's password", tenant="default"), 403, "no_membership")


async def test_who_is_disabled_cannot_sign_in_whatever_the_directory_says(world: World) -> None:
    ada = (await (await sign_in(world)).get("/auth/me")).json()
    changed = await world.operator.patch(f"/users/{ada['id']}", {"status": "disabled"})
    assert changed.status_code == 200, changed.text
    problem(await attempt(world, "ada", "ada's password", tenant="default"), 403, "no_membership")


async def test_guessing_is_slowed_down_and_names_of_users_are_each_tenants_own(
    world: World, directory: Directory
) -> None:
    await world.found("globex")
    for _ in range(5):
        problem(await attempt(world, "ada", "guess", tenant="globex"), 401, "wrong_credentials")
    problem(await attempt(world, "ada", "guess", tenant="globex"), 429, "too_many_tries")
    assert (await attempt(world, "ada", "ada's password", tenant="default")).status_code == 200


async def test_a_second_factor_is_the_platforms_and_is_set_up_with_the_directorys_password(world: World) -> None:
    ada = await sign_in(world)
    problem(await ada.post("/auth/mfa/totp", {"password": "wrong"}), 422, "proof_refused")
    begun = await ada.post("/auth/mfa/totp", {"password": "ada's password"})
    assert begun.status_code == 200, begun.text
    code = TOTP(begun.json()["secret"])
    confirmed = await ada.post("/auth/mfa/totp/confirm", {"code": code.now()})
    recovery: list[str] = confirmed.json()["recoveryCodes"]
    step = (await attempt(world, "ada", "ada's password", tenant="default")).json()
    assert step["mfaRequired"] is True
    visitor = await world.somebody()
    done = await visitor.post("/auth/mfa/verify", {"mfaToken": step["mfaToken"], "code": recovery[0]})
    assert done.status_code == 200, done.text
    assert (await world.operator.log("user.signed_in"))[0]["after"] == {
        "methods": ["ext", "otp"],
        "provider": "dir.ldap",
    }
    ada.http.headers["Authorization"] = f"Bearer {done.json()['accessToken']}"
    off = await ada.post("/auth/mfa/disable", {"password": "ada's password", "code": recovery[1]})
    assert off.status_code == 200, off.text


async def test_nobody_gets_a_password_around_the_directory(world: World, connect: Connect) -> None:
    ada = await sign_in(world)
    problem(
        await ada.post(
            "/auth/password/change", {"currentPassword": "ada's password", "newPassword": "a new long one!"}
        ),
        422,
        "proof_refused",
    )
    assert (await ada.post("/auth/password/forgot", {"email": "ada@acme.example"})).status_code in (200, 202)
    identity = await connect("weft_identity")
    assert await identity.fetchval("SELECT count(*) FROM mail_outbox WHERE recipient = 'ada@acme.example'") == 0


async def test_it_vanishes_with_its_plugin(world: World, directory: Directory) -> None:
    await sign_in(world)
    assert (await world.operator.post("/platform/plugins/dir/stop", None)).status_code == 200
    problem(await attempt(world, "ada", "ada's password", tenant="default"), 401, "wrong_credentials")
