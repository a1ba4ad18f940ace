"""Where commands go, and who they are there, before anything is sent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from weftline.cli.client import Refused, over_http
from weftline.cli.credentials import Credentials, CredentialsFile
from weftline.cli.failures import CommandFailed
from weftline.cli.sign_in import StoredAuth, TokenAuth, find_sign_in
from weftline.cli.target import Target, normalized

STORED = Credentials("https://weft.example.com", "ada@example.com", "acme", "an-access", "a-refresh", time.time() + 600)


@pytest.fixture(autouse=True)
def nobody_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def signed_in() -> None:
    CredentialsFile().write(STORED)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://Weft.Example.com/", "https://weft.example.com"),
        ("http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080"),
        ("https://example.com/weft/api/v1/", "https://example.com/weft"),
        (" http://[::1]:80 ", "http://[::1]:80"),
    ],
)
def test_an_address_has_one_form(given: str, url: str):
    assert normalized(given) == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "weft.example.com",
        "ftp://example.com",
        "http://",
        "http://a:b",
        "https://ada:secret@example.com",
        "http://a?b",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(given: str):
    with pytest.raises(CommandFailed) as refused:
        normalized(given)
    assert refused.value.exit_code == 2
    assert "secret" not in refused.value.message


def test_whoever_has_not_signed_in_works_at_the_console():
    assert find_sign_in(Target()) is None
    assert find_sign_in(Target(tenant="acme")) is None


@pytest.mark.usefixtures("signed_in")
def test_whoever_has_signed_in_works_on_that_server_unless_told_otherwise():
    found = find_sign_in(Target())
    assert found is not None
    assert (found.url, isinstance(found.auth, StoredAuth), found.headers) == (STORED.url, True, {})
    assert find_sign_in(Target(at_console=True)) is None


@pytest.mark.usefixtures("signed_in")
def test_a_tenant_is_named_to_the_server_where_it_is_another():
    same, other = find_sign_in(Target(tenant="acme")), find_sign_in(Target(tenant="other"))
    assert same is not None
    assert other is not None
    assert (same.headers, other.headers) == ({}, {"X-Tenant-ID": "other"})


@pytest.mark.usefixtures("signed_in")
def test_a_stored_token_is_never_sent_to_another_server():
    with pytest.raises(CommandFailed, match="not signed in to https://other"):
        find_sign_in(Target(url="https://other.example.com"))


@pytest.mark.usefixtures("signed_in")
def test_a_token_of_the_environment_wins_and_needs_a_server_of_its_own():
    found = find_sign_in(Target(url="https://other.example.com", token="t"))
    assert found is not None
    assert (found.url, isinstance(found.auth, TokenAuth)) == ("https://other.example.com", True)
    with pytest.raises(CommandFailed, match="name the server"):
        find_sign_in(Target(token="t"))


class Stranger(BaseHTTPRequestHandler):
    """A web server that knows nothing of workflows, but how to say what is wrong."""

    ANSWERS: ClassVar[dict[str, tuple[int, dict[str, str]]]] = {
        "/api/v1/page": (200, {"Content-Type": "text/html"}),
        "/api/v1/moved": (301, {"Location": "https://example.com/"}),
        "/api/v1/broken": (502, {"Content-Type": "text/html"}),
    }

    def do_GET(self) -> None:
        status, headers = self.ANSWERS.get(self.path, (422, {"Content-Type": "application/problem+json"}))
        error = {"pointer": "/name", "message": "too short", "hint": "add to it"}
        body = json.dumps({"code": "odd", "detail": self.path, "errors": [error]}) if status == 422 else "<html></html>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "message", "detail"),
    [
        ("page", "what answers at 127.0.0.1 is not a Weftline server", ""),
        ("moved", "127.0.0.1 answered 301 Moved Permanently", "it points to https://example.com/"),
        ("broken", "127.0.0.1 answered 502 Bad Gateway", ""),
    ],
)
async def test_an_answer_of_another_kind_of_server_is_told_in_a_sentence(
    stranger: str, path: str, message: str, detail: str
):
    async with over_http(stranger) as api:
        with pytest.raises(CommandFailed) as failed:
            await api.get(path)
    assert (failed.value.message, "".join(failed.value.details)) == (message, detail)


async def test_a_server_that_is_not_there_is_said_to_be_unreachable():
    async with over_http("http://127.0.0.1:1") as api:
        with pytest.raises(CommandFailed, match=r"cannot reach 127\.0\.0\.1"):
            await api.get("workflows")


async def test_a_problem_is_told_with_every_place_that_it_names(stranger: str):
    async with over_http(stranger) as api:
        with pytest.raises(Refused) as refused:
            await api.get("nothing")
    problem = refused.value
    assert (problem.status, problem.code, problem.exit_code) == (422, "odd", 2)
    assert problem.details == ("/name: too short (add to it)",)


async def test_an_id_cannot_lead_to_another_path(stranger: str):
    async with over_http(stranger) as api:
        with pytest.raises(Refused) as refused:
            await api.get("executions", "a/../b?c#d")
        assert refused.value.message == "/api/v1/executions/a%2F..%2Fb%3Fc%23d"
        for segment in ("", ".", ".."):
            with pytest.raises(CommandFailed, match="this is no id"):
                await api.get("executions", segment)
