"""Executions whose payloads are sealed, and workers that cannot open them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from structlog.typing import EventDict

from tests.conftest import Connect
from tests.engine.harness import MASTER_KEY, Harness, action
from weftline.authoring import Context
from weftline.engine.worker import Worker, WorkerOptions
from weftline.machine.state import State
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import create_pool, tenant_transaction
from weftline.store.dispatches import Dispatch, DispatchKind, add
from weftline.store.keyring import CannotOpen, Keyring
from weftline.store.log import events_page, load_state
from weftline.store.sealing import NotReadable, dispatch_place, is_sealed, seal_of

QUICK: dict[str, Any] = {"poll_seconds": 0.02}
ENCRYPT: dict[str, Any] = {"settings": {"encrypt": True}}
WAITING = ({"id": "wait", "type": "wait", "event": "go", "next": "end"}, action("end", input="${steps.wait.output}"))


async def loaded(engine: Harness, execution: UUID) -> State:
    """An execution's state, as whoever has the keys sees it."""
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        state = await load_state(connection, DEFAULT_TENANT, execution)
    assert state is not None
    return state


async def resting(engine: Harness, **input: str) -> UUID:
    """An encrypted execution that waits."""
    id = await engine.start_one(input, encrypts=True)
    await engine.reach(id, "waiting")
    return id


@pytest.fixture
async def platform(connect: Connect) -> asyncpg.Connection:
    """A connection that may change what it likes."""
    return await connect()


async def put(platform: asyncpg.Connection, statement: str, *values: object) -> None:
    """Change rows behind the engine's back."""
    for table in ("executions", "events", "inbox"):
        await platform.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    await platform.execute(statement, *values)
    for table in ("executions", "events", "inbox"):
        await platform.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


async def test_what_is_sealed_comes_out_of_a_run_as_it_went_in(engine: Harness) -> None:
    await engine.publish(action("first", input="${input}", next="wait"), *WAITING, **ENCRYPT)
    async with engine.worker():
        id = await resting(engine, who="Ada")
        assert await engine.signal(id, "go", {"word": "yes"}) == 1
        row = await engine.reach(id, "completed")
    assert is_sealed(row["input"])
    assert is_sealed(row["output"])
    state = await loaded(engine, id)
    assert (state.input, state.output) == ({"who": "Ada"}, {"word": "yes"})
    data = await engine.fetch("SELECT data::text FROM events WHERE data IS NOT NULL")
    assert all(is_sealed(each["data"]) for each in data)


async def test_an_event_reaches_encrypted_and_other_executions_alike(engine: Harness) -> None:
    await engine.publish(*WAITING, **ENCRYPT)
    await engine.publish(*WAITING, id="plain")
    async with engine.worker():
        ids = [await resting(engine), await resting(engine), await engine.start_one({}, workflow="plain")]
        await engine.reach(ids[2], "waiting")
        assert await engine.deliver("go", payload={"word": "yes"}) == 3
        for id in ids:
            await engine.reach(id, "completed")
            assert (await loaded(engine, id)).output == {"word": "yes"}


async def test_what_an_encrypted_execution_starts_is_encrypted_too(engine: Harness) -> None:
    await engine.publish(action("say", input={"hello": "${who}"}), id="child")
    node = {"id": "call", "type": "subworkflow", "workflow": "child", "input": {"who": "${input.who}"}}
    await engine.publish(node, **ENCRYPT)
    async with engine.worker(**QUICK):
        id = await engine.start_one({"who": "Ada"}, encrypts=True)
        await engine.reach(id, "completed")
    assert (await loaded(engine, id)).output == {"hello": "Ada"}
    (child,) = await engine.fetch("SELECT is_sealed, input FROM executions WHERE parent_id = $1", id)
    assert child["is_sealed"]
    assert is_sealed(child["input"])


async def test_the_words_of_an_exception_are_kept_from_the_log_but_not_from_the_execution(
    engine: Harness, logs: list[EventDict]
) -> None:
    @engine.action("bad")
    async def bad(ctx: Context) -> None:
        try:
            raise KeyError(ctx.input)
        except KeyError as error:
            raise ValueError(f"no card {ctx.input}") from error

    await engine.publish(action("pay", "bad", input="${input.card}", retry={"maxAttempts": 1}), **ENCRYPT)
    async with engine.worker():
        id = await engine.start_one({"card": "4711-0815-2342"}, encrypts=True)
        await engine.reach(id, "failed")
    error = (await loaded(engine, id)).error
    assert error is not None
    assert error["message"] == "ValueError: no card 4711-0815-2342"
    (entry,) = [entry for entry in logs if entry["event"] == "action failed"]
    assert "4711-0815" not in str(logs)
    assert entry["exception"].startswith("ValueError")
    assert "KeyError" in entry["exception"]


async def test_what_cannot_be_stored_fails_an_encrypted_execution_as_any_other(engine: Harness) -> None:
    @engine.action("nul")
    async def nul(_: object) -> str:
        return "\0"

    await engine.publish(action("bad", "nul", retry={"maxAttempts": 1}), **ENCRYPT)
    async with engine.worker():
        id = await engine.start_one({}, encrypts=True)
        row = await engine.reach(id, "failed")
    assert row["error"].startswith('{"code": "invalid_output"')
    error = (await loaded(engine, id)).error
    assert error is not None
    assert error["message"] not in row["error"]


async def test_a_row_that_was_given_anothers_payload_is_set_aside(
    engine: Harness, platform: asyncpg.Connection, logs: list[EventDict]
) -> None:
    await engine.publish(*WAITING, **ENCRYPT)
    async with engine.worker(**QUICK):
        mine, other = await resting(engine, who="me"), await resting(engine, who="you")
        (kept,) = (await engine.fetch("SELECT snapshot FROM executions WHERE id = $1", mine))[0]
        swap = "UPDATE executions e SET snapshot = o.snapshot FROM executions o WHERE e.id = $1 AND o.id = $2"
        await put(platform, swap, mine, other)
        with pytest.raises(CannotOpen):
            await loaded(engine, mine)
        await engine.signal(mine, "go")
        await engine.signal(other, "go", {"word": "yes"})
        await engine.reach(other, "completed")
        aside = "execution cannot be brought up to date; set aside"
        await engine.until(lambda: told(logs, aside, mine))
        await put(platform, "UPDATE executions SET snapshot = $2, wake_at = now() WHERE id = $1", mine, kept)
        await engine.hint()
        await engine.reach(mine, "completed")


async def told(logs: list[EventDict], event: str, execution: UUID | None = None) -> bool:
    """Whether this was logged, of an execution."""
    id = None if execution is None else str(execution)
    return any(each["event"] == event and each.get("execution_id") == id for each in logs)


async def dispatch_signal(database: str, execution: UUID) -> None:
    """Let a signal be sent to an execution, as another encrypted execution would."""
    pool = await create_pool(database, "weft_worker", max_size=1, keyring=Keyring(MASTER_KEY))
    async with tenant_transaction(pool, DEFAULT_TENANT) as connection:
        said = {"kind": "signal", "payload": {"name": "go", "payload": {"word": "yes"}}}
        seal = await seal_of(connection, DEFAULT_TENANT, execution)
        payload = seal.close(orjson.dumps(said), dispatch_place(DispatchKind.MESSAGE))
        await add(connection, [Dispatch(DEFAULT_TENANT, DispatchKind.MESSAGE, execution, payload)])
    pool.terminate()


async def test_an_event_of_another_place_of_the_log_does_not_open(
    engine: Harness, platform: asyncpg.Connection
) -> None:
    await engine.publish(action("first", input="${input}", next="wait"), *WAITING, **ENCRYPT)
    async with engine.worker():
        mine, other = await resting(engine, who="me"), await resting(engine, who="you")
        (seq,) = (await engine.fetch("SELECT max(seq) FROM events WHERE type = 'STEP_COMPLETED'"))[0]
        (kept,) = (await engine.fetch("SELECT data FROM events WHERE execution_id = $1 AND seq = $2", mine, seq))[0]
        await platform.execute("ALTER TABLE events DISABLE TRIGGER USER")
        swap = "UPDATE events SET data = $3 WHERE execution_id = $1 AND seq = $2"
        (theirs,) = (await engine.fetch("SELECT data FROM events WHERE execution_id = $1 AND seq = $2", other, seq))[0]
        await put(platform, swap, mine, seq, theirs)
        async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
            with pytest.raises(CannotOpen):
                await events_page(connection, DEFAULT_TENANT, mine, 0, 100)
        await put(platform, swap, mine, seq, kept)


async def test_a_worker_without_the_key_leaves_an_execution_to_one_that_has_it(
    engine: Harness, database: str, logs: list[EventDict]
) -> None:
    await engine.publish(*WAITING, **ENCRYPT)
    id = await engine.start_one({"who": "Ada"}, encrypts=True)
    await dispatch_signal(database, id)
    stranger = Worker(
        database, engine.registry, WorkerOptions(**QUICK), engine.clock, keyring=Keyring(bytes(31) + b"x")
    )
    await stranger.start()
    try:
        await engine.hint()
        await engine.until(lambda: told(logs, "execution cannot be brought up to date; set aside", id))
        await engine.until(lambda: told(logs, "dispatches cannot be read without their tenants' keys"))
    finally:
        await stranger.stop()
    assert (await engine.row(id))["error"] is None
    assert await engine.types(id) == []
    await engine.advance_clock(61)
    async with engine.worker():
        await engine.reach(id, "completed")
    assert (await loaded(engine, id)).output == {"word": "yes"}
    pool = await create_pool(database, "weft_api", max_size=1)
    async with tenant_transaction(pool, DEFAULT_TENANT) as connection:
        with pytest.raises(NotReadable):
            await load_state(connection, DEFAULT_TENANT, id)
    pool.terminate()
