"""How the client asks, against a server that misbehaves."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import create_server
from threading import Barrier

import pytest

from tests.client.scripted import HANG_UP, Reply, Scripted, problem, scripted
from weftline.client import (
    AsyncClient,
    Client,
    Conflict,
    ConnectionFailed,
    InvalidAnswer,
    InvalidRequest,
    Retrying,
    RetryPolicy,
    SecondFactorNeeded,
    ServerError,
    TooManyRequests,
    Unauthenticated,
)

AT_ONCE = RetryPolicy(max_attempts=4, initial_interval=0.0)
EXECUTION = {"id": "e1", "workflowId": "greeting", "versionNumber": 1, "status": "pending"}
TASK = {
    "id": "t1",
    "executionId": "e1",
    "workflowId": "w",
    "stepId": "s",
    "name": "n",
    "status": "open",
    "createdAt": "2026-01-01T00:00:00Z",
}
ME = {"name": "Ada"}


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture
def client(server: Scripted) -> Iterator[Client]:
    with Client(server.url, token="wk_secret", retries=AT_ONCE) as made:
        yield made


def keys(server: Scripted) -> list[str | None]:
    return [seen.headers.get("Idempotency-Key") for seen in server.seen]


def test_a_post_is_sent_again_under_the_same_key_until_it_is_answered(server: Scripted, client: Client) -> None:
    server.replies += [HANG_UP, Reply(502, b"<html>"), problem(503, "busy"), Reply(202, EXECUTION)]
    assert client.executions.start("greeting", {"name": "Ada"}).id == "e1"
    assert [seen.method for seen in server.seen] == ["POST"] * 4
    assert len(set(keys(server))) == 1 and keys(server)[0]
    assert len({seen.body for seen in server.seen}) == 1
    server.replies += [Reply(202, EXECUTION)]
    client.executions.start("greeting", {"name": "Ada"})
    assert keys(server)[-1] not in (None, keys(server)[0])


def test_a_key_of_the_callers_own_goes_in_the_body(server: Scripted, client: Client) -> None:
    server.replies += [HANG_UP, Reply(202, EXECUTION)]
    client.executions.start("greeting", idempotency_key="order-7")
    assert [json.loads(seen.body)["idempotencyKey"] for seen in server.seen] == ["order-7"] * 2
    assert keys(server) == [None, None]


def test_what_might_do_harm_twice_is_sent_once(server: Scripted, client: Client) -> None:
    server.replies += [HANG_UP]
    with pytest.raises(ConnectionFailed):
        client.executions.update("e1", priority=3)
    server.replies += [problem(504, "gateway_timeout")]
    with pytest.raises(ServerError):
        client.executions.update("e1", priority=3)
    # whoever says "not now" has done nothing
    server.replies += [problem(429, "rate_limited"), problem(503, "unavailable"), Reply(200, EXECUTION)]
    assert client.executions.update("e1", priority=3).id == "e1"
    assert [seen.method for seen in server.seen] == ["PATCH"] * 5


def test_an_answer_that_is_cut_short_is_asked_for_again(server: Scripted, client: Client) -> None:
    server.replies += [Reply(200, EXECUTION, cut=10), Reply(200, EXECUTION)]
    assert client.executions.get("e1").status == "pending"


def test_a_repeated_request_waits_for_the_first_one(server: Scripted, client: Client) -> None:
    server.replies += [problem(409, "idempotency_in_progress", Retry_After="0"), Reply(200, TASK)]
    assert client.tasks.claim("t1").id == "t1"
    server.replies += [problem(409, "task_claimed")]
    with pytest.raises(Conflict) as refused:
        client.tasks.claim("t1")
    assert refused.value.code == "task_claimed"
    assert len(server.seen) == 3


def test_it_waits_as_long_as_the_server_asks_and_no_longer_than_makes_sense(server: Scripted) -> None:
    class Enough(Exception):
        pass

    told: list[Retrying] = []

    def stop(retrying: Retrying) -> None:
        told.append(retrying)
        raise Enough

    with Client(server.url, retries=AT_ONCE, on_retry=stop) as client:
        server.replies += [problem(503, "unavailable", Retry_After="7")]
        with pytest.raises(Enough):
            client.me()
        assert told[0].pause == 7 and "unavailable" in told[0].reason
        server.replies += [problem(429, "rate_limited", Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")]
        with pytest.raises(TooManyRequests) as refused:
            client.me()
        assert refused.value.retry_after is not None and refused.value.retry_after > 1e9
    assert len(told) == 1


def test_a_server_that_never_answers_is_given_up(server: Scripted, client: Client) -> None:
    server.replies += [HANG_UP] * 9
    with pytest.raises(ConnectionFailed, match="cannot reach"):
        client.me()
    assert len(server.seen) == AT_ONCE.max_attempts
    with create_server(("127.0.0.1", 0)) as closing:
        address = f"http://127.0.0.1:{closing.getsockname()[1]}"
    with Client(address, retries=AT_ONCE) as nobody, pytest.raises(ConnectionFailed):
        nobody.me()


def test_what_answers_may_be_no_weftline_server(server: Scripted, client: Client) -> None:
    for reply in (Reply(200, b"<html>", {"Content-Type": "text/html"}), Reply(200, []), Reply(200, {"nobody": 1})):
        server.replies.append(reply)
        with pytest.raises(InvalidAnswer):
            client.me()


def test_secrets_are_not_shown(client: Client) -> None:
    shown = repr(vars(client)) + repr(client._session)
    assert "wk_secret" not in shown


def tokens(number: int, expires_in: float = 600) -> Reply:
    return Reply(200, {"accessToken": f"a{number}", "refreshToken": f"r{number}", "expiresIn": expires_in})


def asked(server: Scripted) -> list[tuple[str, str | None]]:
    return [
        (seen.path.removeprefix("/api/v1/"), seen.headers.get("Authorization", "").removeprefix("Bearer ") or None)
        for seen in server.seen
    ]


def test_a_password_signs_in_once_and_renews_what_ends(server: Scripted) -> None:
    with Client(server.url, email="ada@example.com", password="pw", tenant="acme", retries=AT_ONCE) as client:
        server.replies += [tokens(1, expires_in=0), Reply(200, ME), tokens(2), Reply(200, ME), Reply(200, ME)]
        for _ in range(3):
            client.me()
        assert asked(server) == [
            ("auth/login", None),
            ("auth/me", "a1"),
            ("auth/refresh", None),
            ("auth/me", "a2"),
            ("auth/me", "a2"),
        ]
        login, refresh = json.loads(server.seen[0].body), json.loads(server.seen[2].body)
        assert login == {"email": "ada@example.com", "password": "pw", "tenant": "acme"}
        assert refresh == {"refreshToken": "r1"}
        assert set(keys(server)) == {None}
        server.seen.clear()
        # the session was ended elsewhere: the refresh token is of no use either
        server.replies += [problem(401, "unauthenticated"), problem(401, "session_ended"), tokens(3), Reply(200, ME)]
        client.me()
        assert asked(server) == [("auth/me", "a2"), ("auth/refresh", None), ("auth/login", None), ("auth/me", "a3")]
        server.replies += [problem(401, "unauthenticated"), tokens(4), problem(401, "unauthenticated")]
        with pytest.raises(Unauthenticated):
            client.me()


def test_a_refresh_token_is_not_used_twice(server: Scripted) -> None:
    with Client(server.url, email="ada@example.com", password="pw", retries=AT_ONCE) as client:
        server.replies += [tokens(1, expires_in=0), Reply(200, ME), HANG_UP]
        client.me()
        with pytest.raises(ConnectionFailed):
            client.me()
        server.replies += [tokens(2), Reply(200, ME)]
        client.me()
        assert [path for path, _ in asked(server)] == [
            "auth/login",
            "auth/me",
            "auth/refresh",
            "auth/login",
            "auth/me",
        ]


def test_a_second_factor_is_asked_for(server: Scripted) -> None:
    second = Reply(200, {"mfaRequired": True, "mfaToken": "m1"})
    with Client(server.url, email="ada@example.com", password="pw") as client:
        server.replies += [second]
        with pytest.raises(SecondFactorNeeded):
            client.me()
    with Client(server.url, email="ada@example.com", password="pw", code=lambda: "123456") as client:
        server.replies += [second, tokens(1), Reply(200, ME)]
        client.me()
    assert json.loads(server.seen[2].body) == {"mfaToken": "m1", "code": "123456"}


def test_threads_share_a_client_and_one_sign_in(server: Scripted) -> None:
    server.replies += [tokens(1), *[Reply(200, ME)] * 8]
    together = Barrier(8)

    with Client(server.url, email="ada@example.com", password="pw") as client, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> str:
            together.wait()
            return client.me().name

        assert set(pool.map(ask, range(8))) == {"Ada"}
    assert [path for path, _ in asked(server)].count("auth/login") == 1


async def test_tasks_share_a_client_and_one_sign_in(server: Scripted) -> None:
    server.replies += [tokens(1), *[Reply(200, ME)] * 8]
    async with AsyncClient(server.url, email="ada@example.com", password="pw") as client:
        names = await asyncio.gather(*(client.me() for _ in range(8)))
    assert {me.name for me in names} == {"Ada"}
    assert [path for path, _ in asked(server)].count("auth/login") == 1


def test_the_environment_says_where_and_who(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_URL", f"{server.url}/")
    monkeypatch.setenv("WEFT_TOKEN", "wk_environment")
    monkeypatch.setenv("WEFT_TENANT", "acme")
    server.replies += [Reply(200, ME)]
    with Client() as client:
        client.me()
    [seen] = server.seen
    assert (seen.headers["Authorization"], seen.headers["X-Tenant-ID"]) == ("Bearer wk_environment", "acme")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"url": "weft.example.com"},
        {"url": "https://ada:secret@weft.example.com"},
        {"url": "https://weft.example.com", "email": "ada@example.com"},
        {"url": "https://weft.example.com", "email": "ada@example.com", "password": "pw", "token": "wk_1"},
    ],
)
def test_a_client_that_cannot_work_is_not_made(options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_URL", raising=False)
    with pytest.raises(InvalidRequest) as refused:
        Client(**options)  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)


def test_importing_the_client_does_not_import_the_server() -> None:
    program = "import sys, weftline.client; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"fastapi", "starlette", "sqlalchemy", "asyncpg", "granian", "typer"} & set(loaded)
    program = "import sys, weftline.client; print(*(name for name in sys.modules if name.startswith('weftline.')))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {name.split(".")[1] for name in loaded} == {"client", "model"}


def test_everything_public_is_documented() -> None:
    import weftline.client as module

    reference = Path(__file__).parents[2] / "docs/reference/client.md"
    text = reference.read_text()
    assert [name for name in module.__all__ if f"`{name}" not in text] == []
