"""Steps that reach other systems over connections, in workers on a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.typing import EventDict

from tests.engine.harness import Harness
from tests.engine.other_system import Asked, OtherSystem, connect, head, other_system, probe_integration, renew, says
from weftline.authoring import Context
from weftline.authoring.builtin import HttpSettings, close_http, configure_http, http
from weftline.model.event import Event
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import connect as store_connect
from weftline.store.connect import tenant_transaction
from weftline.store.connections import wake_waiting

ONCE = {"maxAttempts": 1}


@pytest.fixture
async def system() -> AsyncIterator[OtherSystem]:
    with probe_integration():
        async with other_system() as made:
            yield made
            await close_http()


@pytest.fixture(autouse=True)
def actions(engine: Harness) -> None:
    engine.registry.register("http", http)


def get(path: str = "/", **fields: Any) -> dict[str, Any]:
    """A step that asks the system for something, once."""
    return {"id": "call", "type": "http", "url": path, "connection": "probe", "retry": ONCE, **fields}


async def failure(engine: Harness, execution: UUID) -> str:
    """With which code an execution has failed."""
    row = await engine.reach(execution)
    events = await engine.events(execution)
    assert row["status"] == "failed", events
    error = events[-1].data
    assert error is not None
    return error["error"]["code"]


async def held(engine: Harness, execution: UUID, count: int = 1) -> Event:
    """Wait until an attempt was held back; gives the event that tells."""

    async def look() -> list[Event]:
        events = await engine.events(execution)
        found = [event for event in events if event.data is not None and event.data.get("isHeld")]
        return found[-1:] if len(found) >= count else []

    return (await engine.until(look))[0]


def code(event: Event) -> str:
    assert event.data is not None
    return event.data["error"]["code"]


async def wake(engine: Harness, id: UUID) -> None:
    """What the API does once a connection can be used again."""
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        assert await wake_waiting(connection, DEFAULT_TENANT, id, engine.clock.now()) == 1
    await engine.hint()


# --- finding ----------------------------------------------------------------------------------------------------------


async def test_a_step_is_signed_in_by_the_connection_that_it_names(engine: Harness, system: OtherSystem) -> None:
    await connect(engine, system.url, auth="BEARER", credentials={"token": "t0p-s3cret"})
    await engine.publish(get("/customers", method="POST", body={"n": 1}))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert row["status"] == "completed"
    asked = system.asked[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/customers", b'{"n":1}')
    assert asked.headers["authorization"] == "Bearer t0p-s3cret"
    assert asked.headers["idempotency-key"] == f"{row['id']}/call"


async def test_a_persons_own_connection_comes_before_the_tenants(engine: Harness, system: OtherSystem) -> None:
    ann, bob = uuid4(), uuid4()
    await connect(engine, f"{system.url}/tenant")
    await member(engine, ann)
    await connect(engine, f"{system.url}/ann", owner_user_id=ann)
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(started_by=ann))
        await engine.reach(await engine.start_one(started_by=bob))
        await engine.reach(await engine.start_one())
    assert [asked.path for asked in system.asked] == ["/ann/x", "/tenant/x", "/tenant/x"]


async def member(engine: Harness, id: UUID) -> None:
    """A member of the tenant."""
    connection = await store_connect(engine.url, "weft_identity")
    try:
        email = f"{id}@example.com"
        await connection.execute("INSERT INTO users (id, email, name) VALUES ($1, $2, 'M')", id, email)
        await connection.execute("INSERT INTO memberships (tenant_id, user_id) VALUES ($1, $2)", DEFAULT_TENANT, id)
    finally:
        await connection.close()


async def test_where_a_step_names_none_the_usual_one_is_taken(engine: Harness, system: OtherSystem) -> None:
    @engine.action("probe.ask")
    async def ask(ctx: Context) -> object:
        async with ctx.connected("probe") as connection:
            return (await connection.request("GET", "/x"))["body"]

    await engine.publish({"id": "a", "type": "action", "action": "probe.ask", "retry": ONCE})
    async with engine.worker():
        assert await failure(engine, await engine.start_one()) == "unknown_connection"
        await connect(engine, f"{system.url}/one", "one")
        await engine.reach(await engine.start_one(), "completed")
        await connect(engine, f"{system.url}/two", "two", is_default=True)

        async def noticed() -> bool:
            await engine.reach(await engine.start_one(), "completed")
            return system.asked[-1].path == "/two/x"

        await engine.until(noticed)
    assert system.asked[0].path == "/one/x"


async def test_of_several_none_of_which_is_usual_one_has_to_be_named(engine: Harness, system: OtherSystem) -> None:
    @engine.action("probe.ask")
    async def ask(ctx: Context) -> None:
        async with ctx.connected("probe"):
            pass

    await connect(engine, system.url, "one")
    await connect(engine, system.url, "two")
    await engine.publish({"id": "a", "type": "action", "action": "probe.ask", "retry": ONCE})
    async with engine.worker():
        assert await failure(engine, await engine.start_one()) == "unknown_connection"


async def test_a_change_is_noticed_within_a_second_or_so(engine: Harness, system: OtherSystem) -> None:
    id = await connect(engine, system.url, auth="BEARER", credentials={"token": "first-token"})
    await engine.publish(get())
    async with engine.worker():
        await engine.reach(await engine.start_one())
        await renew(engine, id, {"token": "other-token"})
        changed = time.monotonic()

        async def noticed() -> bool:
            await engine.reach(await engine.start_one(), "completed")
            return system.asked[-1].headers["authorization"] == "Bearer other-token"

        await engine.until(noticed)
        assert time.monotonic() - changed < 5, "a second, and what the machine takes"


# --- what can go wrong ------------------------------------------------------------------------------------------------


async def hang(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, 10_000))
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def reset(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def gigabyte(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, 1_000_000_000))
    while not writer.is_closing():
        writer.write(b"x" * 100_000)
        await writer.drain()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (hang, "http_timeout"),
        (drip, "http_timeout"),
        (reset, "http_unreachable"),
        (gigabyte, "http_response_too_large"),
    ],
)
async def test_a_system_that_misbehaves_fails_the_attempt_in_time(
    engine: Harness, system: OtherSystem, answer: Any, expected: str
) -> None:
    system.answers["/bad"] = answer
    await connect(engine, system.url, limits={"timeoutSeconds": 0.5, "breakerFailures": 0})
    await engine.publish(get("/bad"))
    async with engine.worker():
        assert await failure(engine, await engine.start_one()) == expected


async def test_a_redirect_elsewhere_is_not_followed(engine: Harness, system: OtherSystem) -> None:
    elsewhere = system.url.replace("127.0.0.1", "localhost")
    system.answers["/away"] = says({}, 302, location=f"{elsewhere}/taken")
    await connect(engine, system.url, auth="BEARER", credentials={"token": "t0p-s3cret"})
    await engine.publish(get("/away"))
    async with engine.worker():
        assert await failure(engine, await engine.start_one()) == "http_address_refused"
    assert [asked.path for asked in system.asked] == ["/away"]


async def test_private_addresses_are_refused_over_connections_too(engine: Harness, system: OtherSystem) -> None:
    configure_http(HttpSettings())
    await connect(engine, system.url)
    await engine.publish(get())
    async with engine.worker():
        assert await failure(engine, await engine.start_one()) == "http_address_refused"
    assert system.asked == []


async def test_an_answer_that_claims_to_be_json_is_given_as_text(engine: Harness, system: OtherSystem) -> None:
    system.answers["/odd"] = says(b"{not json")
    await connect(engine, system.url)
    await engine.publish(get("/odd"))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert row["status"] == "completed"
    events = await engine.events(row["id"])
    outputs = [event.data["output"] for event in events if event.data and "output" in event.data and event.step]
    assert outputs[0]["body"] == "{not json"


async def test_credentials_turn_up_nowhere(engine: Harness, system: OtherSystem, logs: list[EventDict]) -> None:
    secret = "sup3r-s3cret-value"

    async def echo(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await says({"you": asked.headers["authorization"]})(asked, writer)

    async def scold(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await says({"no": asked.headers["authorization"]}, 400)(asked, writer)

    @engine.action("probe.log")
    async def tell(ctx: Context) -> object:
        async with ctx.connected("probe") as connection:
            ctx.logger.warning("signing in", token=connection.credentials["token"])
            raise RuntimeError(f"with {connection.credentials['token']}")

    system.answers |= {"/echo": echo, "/scold": scold}
    await connect(engine, system.url, auth="BEARER", credentials={"token": secret})
    for id, node in (
        ("echo", get("/echo")),
        ("scold", get("/scold")),
        ("log", {"id": "a", "type": "action", "action": "probe.log", "connection": "probe", "retry": ONCE}),
    ):
        await engine.publish(node, id=id)
    async with engine.worker():
        for id in ("echo", "scold", "log"):
            execution = await engine.start_one(workflow=id)
            await engine.reach(execution)
            told = repr([event.data for event in await engine.events(execution)])
            assert secret not in told
            assert "***" in told
    assert system.asked[0].headers["authorization"] == f"Bearer {secret}"
    assert "signing in" in repr(logs)
    assert secret not in repr(logs)


# --- what holds a step back -------------------------------------------------------------------------------------------


def checks(token: str) -> Any:
    """An answer that lets only one token in."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        ok = asked.headers.get("authorization") == f"Bearer {token}"
        await says({}, 200 if ok else 401)(asked, writer)

    return answer


async def test_a_step_whose_credentials_are_refused_goes_on_when_they_are_renewed(
    engine: Harness, system: OtherSystem
) -> None:
    system.answers["/x"] = checks("good-token")
    id = await connect(engine, system.url, auth="BEARER", credentials={"token": "revoked-token"})
    await engine.publish(get("/x"))
    async with engine.worker():
        execution = await engine.start_one()
        event = await held(engine, execution)
        assert code(event) == "connection_unauthorized"
        status, detail = (await engine.fetch("SELECT status, status_detail FROM connections"))[0]
        assert status == "UNAUTHORIZED"
        assert "revoked-token" not in detail
        second = await engine.start_one()
        assert code(await held(engine, second)) == "connection_unauthorized"
        assert system.count("/x") == 1, "it is not asked again with credentials that were refused"
        await renew(engine, id, {"token": "good-token"})
        async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
            assert await wake_waiting(connection, DEFAULT_TENANT, id, engine.clock.now()) == 2
        await engine.hint()
        for each in (execution, second):
            row = await engine.reach(each)
            assert row["status"] == "completed"


async def test_credentials_that_were_renewed_a_moment_ago_are_tried_before_a_step_is_held(
    engine: Harness, system: OtherSystem
) -> None:
    system.answers["/x"] = checks("good-token")
    id = await connect(engine, system.url, auth="BEARER", credentials={"token": "good-token"})
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(), "completed")
        system.answers["/x"] = checks("next-token")
        await renew(engine, id, {"token": "next-token"})
        execution = await engine.start_one()
        await engine.reach(execution, "completed")
        assert not [event for event in await engine.events(execution) if event.data and event.data.get("isHeld")]


async def test_a_disabled_connection_holds_its_steps_until_it_is_enabled(engine: Harness, system: OtherSystem) -> None:
    id = await connect(engine, system.url, is_active=False)
    await engine.publish(get())
    async with engine.worker():
        execution = await engine.start_one()
        assert code(await held(engine, execution)) == "connection_disabled"
        await engine.fetch("UPDATE connections SET is_active = true RETURNING id")
        await wake(engine, id)
        await engine.reach(execution, "completed")


async def test_the_circuit_breaker_opens_and_closes_again(engine: Harness, system: OtherSystem) -> None:
    system.answers["/x"] = says({}, 503)
    await connect(engine, system.url, limits={"breakerFailures": 3, "breakerSeconds": 60})
    await engine.publish(get("/x"))
    async with engine.worker(), engine.worker():
        failed = 0

        async def one_is_held() -> UUID | None:
            # each worker counts for itself, and learns within a second that another one's breaker has opened
            nonlocal failed
            execution = await engine.start_one()
            row = await engine.reach(execution, "failed", "waiting")
            failed += row["status"] == "failed"
            return execution if row["status"] == "waiting" else None

        waiting = await engine.until(one_is_held)
        assert failed >= 3
        event = await held(engine, waiting)
        assert code(event) == "circuit_open"
        assert event.data is not None
        assert 50 < event.data["dueAt"] - event.at < 95
        assert system.count("/x") == failed, "whoever was held back asked for nothing"
        system.answers["/x"] = says({})
        await engine.advance_clock(95)
        await engine.reach(waiting, "completed")

        async def closed() -> bool:
            # the other worker may not have known yet that it was open, and so have had nothing to close
            await engine.reach(await engine.start_one(), "completed")
            return not await engine.fetch("SELECT 1 FROM connection_states WHERE breaker <> 'CLOSED'")

        await engine.until(closed)


async def test_one_attempt_tries_whether_it_works_again_and_the_others_go_on_when_it_does(
    engine: Harness, system: OtherSystem
) -> None:
    gate = asyncio.Event()

    async def wait(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await says({})(asked, writer)

    system.answers["/x"] = says({}, 503)
    await connect(engine, system.url, limits={"breakerFailures": 1, "breakerSeconds": 60})
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(), "failed")
        executions = await engine.start(*[{}] * 10)
        for execution in executions:
            assert code(await held(engine, execution)) == "circuit_open"
        assert system.count("/x") == 1
        system.answers["/x"] = wait
        await engine.advance_clock(95)

        async def held_again() -> bool:
            logs = [await engine.events(execution) for execution in executions]
            return sum(sum(bool(event.data and event.data.get("isHeld")) for event in log) > 1 for log in logs) == 9

        await engine.until(held_again)
        assert system.count("/x") == 2, "one is enough to find out"
        gate.set()
        for execution in executions:
            await engine.reach(execution, "completed")


async def test_a_breaker_that_somebody_resets_lets_everybody_through(engine: Harness, system: OtherSystem) -> None:
    system.answers["/x"] = says({}, 503)
    id = await connect(engine, system.url, limits={"breakerFailures": 1, "breakerSeconds": 600})
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(), "failed")
        execution = await engine.start_one()
        await held(engine, execution)
        system.answers["/x"] = says({})
        await engine.fetch(
            "UPDATE connection_states SET breaker = 'CLOSED', failures = 0, retry_at = NULL, resets = resets + 1"
            " RETURNING 1"
        )
        await wake(engine, id)
        await engine.reach(execution, "completed")


async def test_what_the_step_got_wrong_itself_opens_no_breaker(engine: Harness, system: OtherSystem) -> None:
    system.answers["/x"] = says({}, 404)
    await connect(engine, system.url, limits={"breakerFailures": 2})
    await engine.publish(get("/x"))
    async with engine.worker():
        for _ in range(5):
            assert await failure(engine, await engine.start_one()) == "http_404"
    assert await engine.fetch("SELECT 1 FROM connection_states WHERE breaker <> 'CLOSED'") == []


async def test_workers_share_a_rate_limit(engine: Harness, system: OtherSystem) -> None:
    await connect(engine, system.url, limits={"ratePerMinute": 60})
    await engine.publish(get("/x"))
    begun = engine.clock.now()
    async with engine.worker(), engine.worker():
        executions = await engine.start(*[{}] * 6)
        for execution in executions:
            await engine.reach(execution, "completed")
    took = engine.clock.now() - begun
    assert system.count("/x") == 6
    assert took > 4.5, "one a second, the first at once"
    events = [event for execution in executions for event in await engine.events(execution)]
    assert {code(event) for event in events if event.data and event.data.get("isHeld")} == {"rate_limited"}


async def test_only_so_many_use_a_connection_at_once(engine: Harness, system: OtherSystem) -> None:
    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await says({})(asked, writer)

    system.answers["/x"] = slowly
    await connect(engine, system.url, limits={"maxConcurrent": 2})
    await engine.publish(get("/x"))
    async with engine.worker():
        for execution in await engine.start(*[{}] * 12):
            await engine.reach(execution, "completed")
    assert system.most_at_once == 2


async def test_a_system_that_asks_to_come_back_later_spends_no_attempt(engine: Harness, system: OtherSystem) -> None:
    system.answers["/x"] = says({}, 429, retry_after="60")
    await connect(engine, system.url)
    await engine.publish(get("/x"))
    async with engine.worker():
        execution = await engine.start_one()
        event = await held(engine, execution)
        assert (code(event), round((event.data or {})["dueAt"] - event.at)) == ("rate_limited", 60)
        system.answers["/x"] = says({})
        await engine.advance_clock(61)
        await engine.reach(execution, "completed")


async def test_the_connections_retries_hold_where_the_step_says_nothing(engine: Harness, system: OtherSystem) -> None:
    system.answers["/x"] = says({}, 503)
    retry = {"maxAttempts": 4, "initialInterval": "10ms", "maxInterval": "10ms"}
    await connect(engine, system.url, limits={"retry": retry, "breakerFailures": 0})
    await engine.publish({"id": "call", "type": "http", "url": "/x", "connection": "probe"})
    async with engine.worker():
        assert await failure(engine, await engine.start_one()) == "http_503"
    assert system.count("/x") == 4


# --- tokens -----------------------------------------------------------------------------------------------------------

CLIENT = {"clientId": "weft", "clientSecret": "cl13nt-s3cret"}


class Tokens:
    """An authorization server that gives one token after the other, and takes each refresh token once."""

    def __init__(self, system: OtherSystem, expires_in: float = 3600) -> None:
        self.expires_in = expires_in
        self.given = 0
        self.refresh = "refresh-0"
        system.answers["/token"] = self.answer
        system.answers["/x"] = self.check

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)  # as long as others have to come in between
        form = asked.form
        is_known = form["grant_type"] == "client_credentials" or form.get("refresh_token") == self.refresh
        if not is_known:
            await says({"error": "invalid_grant", "error_description": "used before"}, 400)(asked, writer)
            return
        self.given += 1
        self.refresh = f"refresh-{self.given}"
        body = {"access_token": f"access-{self.given}", "token_type": "Bearer", "expires_in": self.expires_in}
        await says({**body, "refresh_token": self.refresh})(asked, writer)

    async def check(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await checks(f"access-{self.given}")(asked, writer)


async def oauth(engine: Harness, url: str, **columns: Any) -> UUID:
    tokens = {"accessToken": "access-0", "refreshToken": "refresh-0", "expiresIn": 3600}
    return await connect(engine, url, auth="OAUTH2", credentials=CLIENT, tokens=tokens, **columns)


async def expire(engine: Harness, id: UUID) -> None:
    await engine.fetch("UPDATE connections SET token_expires_at = now() WHERE id = $1 RETURNING 1", id)


async def test_of_many_workers_that_need_a_new_token_one_gets_it(engine: Harness, system: OtherSystem) -> None:
    server = Tokens(system)
    await expire(engine, await oauth(engine, system.url))
    await engine.publish(get("/x"))
    async with engine.worker(), engine.worker(), engine.worker():
        for execution in await engine.start(*[{}] * 30):
            await engine.reach(execution, "completed")
    assert (server.given, system.count("/token")) == (1, 1)
    assert system.asked[0].form["grant_type"] == "refresh_token"
    assert (await engine.fetch("SELECT refreshing_until FROM connections"))[0][0] is None


async def test_a_token_that_was_revoked_before_its_time_is_renewed(engine: Harness, system: OtherSystem) -> None:
    server = Tokens(system)
    server.given, server.refresh = 1, "refresh-0"  # access-0 is no longer good
    await oauth(engine, system.url)
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(), "completed")
    assert [asked.path for asked in system.asked] == ["/x", "/token", "/x"]


async def test_where_the_authorization_server_refuses_the_step_waits_for_a_person(
    engine: Harness, system: OtherSystem, logs: list[EventDict]
) -> None:
    server = Tokens(system)
    server.refresh = "another"
    await expire(engine, await oauth(engine, system.url))
    await engine.publish(get("/x"))
    async with engine.worker():
        execution = await engine.start_one()
        event = await held(engine, execution)
    assert code(event) == "connection_unauthorized"
    row = (await engine.fetch("SELECT status, status_detail, refreshing_until FROM connections"))[0]
    assert (row["status"], row["refreshing_until"]) == ("UNAUTHORIZED", None)
    assert "invalid_grant" in row["status_detail"]
    told = repr((event.data, logs))
    assert "refresh-0" not in told
    assert "cl13nt-s3cret" not in told


async def test_client_credentials_get_their_first_token_when_it_is_needed(engine: Harness, system: OtherSystem) -> None:
    Tokens(system)
    await connect(engine, system.url, auth="OAUTH2", credentials=CLIENT)
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(), "completed")
    assert system.asked[0].form == {"grant_type": "client_credentials", "scope": "read"}


async def test_access_that_a_person_allowed_is_not_taken_up_as_somebody_else(
    engine: Harness, system: OtherSystem
) -> None:
    Tokens(system)
    tokens = {"accessToken": "access-0"}
    config = {"baseUrl": system.url, "authorizeUrl": f"{system.url}/authorize"}
    id = await connect(engine, system.url, auth="OAUTH2", credentials=CLIENT, tokens=tokens, config=config)
    await expire(engine, id)
    await engine.publish(get("/x"))
    async with engine.worker():
        assert code(await held(engine, await engine.start_one())) == "connection_unauthorized"
    assert system.asked == []


async def test_tokens_are_kept_sealed(engine: Harness, system: OtherSystem) -> None:
    Tokens(system)
    await expire(engine, await oauth(engine, system.url))
    await engine.publish(get("/x"))
    async with engine.worker():
        await engine.reach(await engine.start_one(), "completed")
    row = (await engine.fetch("SELECT tokens, token_expires_at > now() + '50 minutes' AS lasts FROM connections"))[0]
    assert b"access-1" not in row["tokens"]
    assert row["lasts"]


# --- what is kept open ------------------------------------------------------------------------------------------------


class Pool:
    """Something that is kept open."""

    def __init__(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False


@pytest.fixture
def pools(engine: Harness) -> Iterator[list[Pool]]:
    made: list[Pool] = []

    async def open() -> Pool:
        made.append(Pool())
        return made[-1]

    @engine.action("probe.pooled")
    async def pooled(ctx: Context) -> bool:
        async with ctx.connected("probe") as connection:
            return (await connection.resource("pool", open, Pool.close)).is_open

    yield made


async def test_what_a_connection_opens_is_kept_until_it_changes_or_the_worker_ends(
    engine: Harness, system: OtherSystem, pools: list[Pool]
) -> None:
    id = await connect(engine, system.url, auth="BEARER", credentials={"token": "first-token"})
    await engine.publish({"id": "a", "type": "action", "action": "probe.pooled", "connection": "probe"})
    async with engine.worker():
        for _ in range(3):
            await engine.reach(await engine.start_one(), "completed")
        assert [pool.is_open for pool in pools] == [True]
        await renew(engine, id, {"token": "other-token"})

        async def closed() -> bool:
            return not pools[0].is_open

        await engine.until(closed)
        await engine.reach(await engine.start_one(), "completed")
        assert [pool.is_open for pool in pools] == [False, True]
    assert not any(pool.is_open for pool in pools)
