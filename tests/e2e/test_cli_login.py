"""Working on a server: signing in, staying signed in, and out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pyotp
import pytest

from tests.conftest import DatabaseServer
from tests.e2e.conftest import Command
from tests.e2e.weft import environment, eventually, running, weft, weft_at_terminal
from weftline import bootstrap
from weftline.cli.credentials import Credentials, CredentialsFile
from weftline.cli.ports import answers, available_port
from weftline.settings import Settings

EMAIL = "ada@example.com"
PASSWORD = "a horse with no name"

DEFINITION = """
id: order
nodes:
  - {id: paid, type: wait, event: payment}
"""


@dataclass(frozen=True)
class Site:
    """A server, seen from another machine.

    Attributes:
        url: its address.
        env: for commands there, which cannot reach the server's database.
    """

    url: str
    env: dict[str, str]

    @property
    def credentials(self) -> CredentialsFile:
        return CredentialsFile(Path(self.env["XDG_CONFIG_HOME"]) / "weftline" / "credentials.json")

    def stored(self) -> Credentials:
        stored = self.credentials.read()
        assert stored is not None
        return stored


@pytest.fixture(scope="module")
def server(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with one account, for all tests: each of them signs in anew."""
    home, port = tmp_path_factory.mktemp("home"), available_port("127.0.0.1", 0)
    account = {"admin_email": EMAIL, "admin_password": PASSWORD, "password_hash_memory": 8192}
    fresh_database = database_server.fresh_database()
    with asyncio.Runner() as runner:
        url = runner.run(fresh_database.__aenter__())
        settings = Settings.model_validate({"database_url": url, "home": home, **account})
        runner.run(bootstrap.create_first_administrator(settings, url))
        with running("server", env=environment(database_url=url, home=home, port=port, password_hash_memory=8192)):
            eventually(lambda: answers(f"http://127.0.0.1:{port}", "/health/ready"), "the server answers")
            yield f"http://127.0.0.1:{port}"
        runner.run(fresh_database.__aexit__(None, None, None))


@pytest.fixture
def site(server: str, tmp_path: Path) -> Site:
    elsewhere = environment(database_url="postgresql://nobody@127.0.0.1:1/none")
    return Site(server, elsewhere | {"XDG_CONFIG_HOME": str(tmp_path)})


@pytest.fixture
def signed_in(site: Site) -> Site:
    """The server, signed in to."""
    login = weft("login", site.url, "--email", EMAIL, "--password-stdin", env=site.env, input=PASSWORD + "\n")
    assert (login.code, login.out) == (0, f"Signed in to {site.url} as {EMAIL}, tenant default.\n")
    return site


@pytest.fixture
def on_site(signed_in: Site, command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls ``weft`` in this process, signed in."""
    for name in ("XDG_CONFIG_HOME", "WEFT_DATABASE_URL"):
        monkeypatch.setenv(name, signed_in.env[name])
    return command


def test_the_password_is_asked_for_and_not_shown(site: Site):
    asked = {"E-mail: ": EMAIL, "Password: ": PASSWORD}
    login = weft_at_terminal("login", site.url, env=site.env, answers=asked)
    assert login.code == 0
    assert f"Signed in to {site.url} as {EMAIL}" in login.out
    stored = site.stored()
    for secret in (PASSWORD, stored.access_token, stored.refresh_token):
        assert secret not in login.out


def test_a_wrong_password_signs_nobody_in(site: Site):
    login = weft("login", site.url, "--email", EMAIL, "--password-stdin", env=site.env, input="wrong")
    assert (login.code, login.out) == (1, "")
    assert "The e-mail address or the password is wrong." in login.err
    assert site.credentials.read() is None


def test_whoever_is_signed_in_works_on_the_server_until_they_sign_out(
    signed_in: Site, on_site: Command, tmp_path: Path
):
    me = on_site("whoami", "--json").json
    assert (me["email"], me["tenant"]["slug"], "admin" in me["roles"]) == (EMAIL, "default", True)
    assert f"email   {EMAIL}" in on_site("whoami").out

    file = tmp_path / "order.yaml"
    file.write_text(DEFINITION)
    assert "order version 1 is published." in on_site("publish", file).out
    execution_id = on_site("start", "order").out.strip()
    assert [each["id"] for each in on_site("list", "--json").json] == [execution_id]
    assert on_site("show", execution_id, "--json").json["status"] == "pending"
    refused = on_site("start", "nothing")
    assert (refused.code, "There is no workflow 'nothing'." in refused.err) == (1, True)
    elsewhere = on_site("--tenant", "another", "list")
    assert (elsewhere.code, "You are not signed in to the tenant" in elsewhere.err) == (1, True)
    console = on_site("--console", "list")
    assert (console.code, "the database cannot be reached" in console.err) == (1, True)

    token = signed_in.stored().access_token
    assert "Signed out" in on_site("logout").out
    assert signed_in.credentials.read() is None
    assert on_site("whoami").code == 1
    late = weft("whoami", env=signed_in.env | {"WEFT_TOKEN": token, "WEFT_URL": signed_in.url})
    assert (late.code, late.out) == (1, "")
    assert "sign in with 'weft login'" in late.err


def test_a_token_of_the_environment_needs_no_sign_in(signed_in: Site):
    stored = signed_in.stored()
    env = signed_in.env | {"WEFT_TOKEN": stored.access_token, "WEFT_URL": stored.url, "XDG_CONFIG_HOME": "/nonexistent"}
    assert weft("whoami", "--json", env=env).json["email"] == EMAIL


def test_an_api_key_works_as_a_token_as_far_as_its_scopes_go_until_it_is_revoked(signed_in: Site):
    key = weft("key", "create", "ci", "--scope", "execution:read", "--days", "7", env=signed_in.env).out.strip()
    [listed] = weft("key", "list", "--json", env=signed_in.env).json
    assert (listed["name"], listed["scopes"], key.endswith(listed["hint"])) == ("ci", ["execution:read"], True)
    assert key not in weft("key", "list", env=signed_in.env).out

    env = signed_in.env | {"WEFT_TOKEN": key, "WEFT_URL": signed_in.url, "XDG_CONFIG_HOME": "/nonexistent"}
    assert weft("list", "--json", env=env).code == 0
    refused = weft("user", "list", env=env)
    assert (refused.code, "You need the permission user:read" in refused.err) == (1, True)
    assert "is revoked" in weft("key", "revoke", listed["id"], env=signed_in.env).out
    eventually(lambda: weft("list", env=env).code == 1, "the key counts no more")


def test_commands_that_run_at_once_renew_their_tokens_once(signed_in: Site):
    before = signed_in.stored()
    signed_in.credentials.write(replace(before, expires_at=0))
    with ExitStack() as stack:
        for process in [stack.enter_context(running("whoami", "--json", env=signed_in.env)) for _ in range(4)]:
            said, _ = process.communicate()
            assert (process.returncode, json.loads(said)["email"]) == (0, EMAIL)
    after = signed_in.stored()
    assert before.refresh_token != after.refresh_token
    # had one token been used twice, the server would have ended the session
    assert weft("whoami", env=signed_in.env).code == 0
    assert signed_in.stored() == after


def test_a_second_factor_is_asked_for_where_there_is_one(signed_in: Site):
    bob = ("--email", "bob@example.com")
    weft("user", "invite", bob[1], "--password-stdin", env=signed_in.env, input=PASSWORD)
    assert weft("login", signed_in.url, *bob, "--password-stdin", env=signed_in.env, input=PASSWORD).code == 0
    token = {"Authorization": f"Bearer {signed_in.stored().access_token}"}
    with httpx.Client(base_url=f"{signed_in.url}/api/v1/auth/mfa", headers=token) as http:
        secret = http.post("/totp", json={"password": PASSWORD}).json()["secret"]
        enabled = http.post("/totp/confirm", json={"code": pyotp.TOTP(secret).now()})
        first, second = enabled.json()["recoveryCodes"][:2]

    asked = {"Password: ": PASSWORD, "Code of your second factor: ": first}
    login = weft_at_terminal("login", signed_in.url, *bob, env=signed_in.env, answers=asked)
    assert (login.code, "Signed in" in login.out) == (0, True)
    alone = weft("login", signed_in.url, *bob, "--password-stdin", env=signed_in.env, input=PASSWORD)
    assert (alone.code, "use --code" in alone.err) == (2, True)
    given = ("--password-stdin", "--code", second)
    assert weft("login", signed_in.url, *bob, *given, env=signed_in.env, input=PASSWORD).code == 0


def test_whoever_wants_to_work_in_a_tenant_of_others_stays_in_their_own(signed_in: Site):
    refused = weft("tenant", "use", "another", env=signed_in.env)
    assert (refused.code, "You are no member of this tenant" in refused.err) == (1, True)
    signed_in.credentials.write(replace(signed_in.stored(), expires_at=0))
    assert weft("whoami", "--json", env=signed_in.env).json["tenant"]["slug"] == "default"
    assert "in the tenant default now" in weft("tenant", "use", "default", env=signed_in.env).out


def test_a_token_that_the_server_takes_no_more_is_renewed(signed_in: Site):
    signed_in.credentials.write(replace(signed_in.stored(), access_token="x.y.z"))
    assert weft("whoami", env=signed_in.env).code == 0


def test_a_refresh_token_that_was_used_before_ends_the_sign_in(signed_in: Site):
    stolen = replace(signed_in.stored(), expires_at=0)
    signed_in.credentials.write(stolen)
    assert weft("whoami", env=signed_in.env).code == 0
    signed_in.credentials.write(stolen)
    ended = weft("whoami", env=signed_in.env)
    assert (ended.code, f"your sign-in to {stolen.url} has ended" in ended.err) == (1, True)
