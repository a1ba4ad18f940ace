"""Triggers of integrations look at another system, and each of its events starts one execution, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from tests.conftest import Connect
from tests.engine.harness import Harness, action
from tests.engine.other_system import OtherSystem, other_system, probe_integration, renew
from tests.engine.other_system import connect as connect_to
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Connection, Integration, Item, Poll
from weftline.features.triggers.declaring import begin_anew, declare_triggers, set_due, stop_triggers
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import tenant_transaction
from weftline.store.connections import wake_waiting
from weftline.store.triggers import trigger_id

NUMBERS = {"type": "integration", "id": "numbers", "integration": "probe", "trigger": "numbers", "every": "1m"}
CALLS = {"type": "integration", "id": "calls", "integration": "probe", "trigger": "calls"}
CONFIG = {"type": "object", "properties": {"kind": {"type": "string"}}, "additionalProperties": False}
OUTPUT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Source:
    """What the other system has: items, and what became of asking for them."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.page = 3
        self.error: ActionError | None = None
        self.asked: list[Any] = []
        self.kinds: list[str | None] = []
        self.settled = 0
        self.listening = 0
        self.changed = asyncio.Event()

    def add(self, *numbers: int) -> None:
        """Numbers have come."""
        self.items += [Item(f"#{number}", {"n": number}) for number in numbers]
        self.changed.set()

    async def poll(self, connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
        """Numbers that are new."""
        self.asked.append(cursor)
        self.kinds.append(config.get("kind"))
        if self.error is not None:
            raise self.error
        start = 0 if cursor is None else cursor["at"]
        found = self.items[start : start + self.page]
        return Poll(found, {"at": start + len(found)}, is_more=start + len(found) < len(self.items))

    async def listen(self, connection: Connection, config: Mapping[str, Any], cursor: Any) -> AsyncIterator[Poll]:
        """Numbers as they come; what was not settled comes again."""
        self.listening += 1
        try:
            while True:
                if self.error is not None:
                    raise self.error
                while self.settled < len(self.items):
                    yield Poll([self.items[self.settled]], None)
                    self.settled += 1
                self.changed.clear()
                await self.changed.wait()
        finally:
            self.listening -= 1


@pytest.fixture
def probe() -> Iterator[Integration]:
    with probe_integration() as made:
        yield made


@pytest.fixture
async def source(probe: Integration) -> Source:
    made = Source()
    probe.trigger("numbers", title="Numbers", type="POLLING", config=CONFIG, output=OUTPUT)(made.poll)
    probe.trigger("calls", title="Calls", type="EVENT", config=CONFIG, output=OUTPUT)(made.listen)
    return made


@pytest.fixture
async def system(source: Source) -> AsyncIterator[OtherSystem]:
    async with other_system() as made:
        yield made


async def declare(engine: Harness, *triggers: dict[str, Any], version: int = 1, workflow: str = "flow") -> None:
    """Publish triggers, as publishing a version does."""
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        definition = {"triggers": list(triggers)}
        await declare_triggers(connection, DEFAULT_TENANT, workflow, version, definition, engine.clock.now())


@pytest.fixture
async def flow(engine: Harness, system: OtherSystem) -> UUID:
    """A workflow, and a connection to the other system."""
    await engine.publish(action("a"))
    return await connect_to(engine, system.url)


async def state(engine: Harness, key: str = "numbers") -> asyncpg.Record:
    """What is known of a trigger."""
    query = """SELECT s.*, t.fired, t.failed, t.last_error AS firing_error, t.status
               FROM integration_triggers s JOIN triggers t ON t.tenant_id = s.tenant_id AND t.id = s.trigger_id
               WHERE t.key = $1"""
    return (await engine.fetch(query, key))[0]


async def numbers(engine: Harness) -> list[int]:
    """What executions were started with, the smallest first."""
    rows = await engine.fetch("SELECT input::text AS input FROM executions")
    return sorted(orjson.loads(row["input"])["n"] for row in rows)


async def until_started(engine: Harness, *expected: int) -> None:
    """Wait until these executions were started and have ended, and see that it was no others."""

    async def look() -> bool:
        return len(await numbers(engine)) >= len(expected)

    await engine.until(look)
    await engine.all_ended()
    assert await numbers(engine) == sorted(expected)


async def until_state(engine: Harness, key: str = "numbers", **wanted: Any) -> asyncpg.Record:
    """Wait until a trigger stands like this."""

    async def look() -> asyncpg.Record | None:
        found = await state(engine, key)
        return found if all(found[name] == value for name, value in wanted.items()) else None

    try:
        return await engine.until(look)
    except TimeoutError:
        raise AssertionError(dict(await state(engine, key))) from None


async def test_what_a_look_finds_starts_executions_and_the_cursor_moves_on(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.add(1, 2, 3, 4, 5)
    await declare(engine, {**NUMBERS, "config": {"kind": "odd"}})
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, 1, 2, 3, 4, 5)
        found = await until_state(engine, holder=None, received=5)
        assert (orjson.loads(found["cursor"]), found["duplicates"], found["fired"]) == ({"at": 5}, 0, 5)
        # what has more is asked again at once, in pages
        assert source.asked == [None, {"at": 3}] and source.kinds == ["odd", "odd"]
        source.add(6)
        await engine.advance_clock(61)
        await until_started(engine, 1, 2, 3, 4, 5, 6)
    rows = await engine.fetch("SELECT trigger_type, trigger_id FROM executions")
    assert {tuple(row) for row in rows} == {("integration", trigger_id(DEFAULT_TENANT, "flow", "numbers"))}


async def test_the_filter_and_the_input_see_the_event(engine: Harness, flow: UUID, source: Source) -> None:
    source.page = 10
    source.add(1, 2, 3, 4)
    input = {"n": "${ event.payload.n * 10 }", "id": "${ event.id }", "from": "${ event.name }"}
    await declare(engine, {**NUMBERS, "condition": "event.payload.n % 2 == 0", "input": input})
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, 20, 40)
        found = await until_state(engine, received=4)
        assert (found["fired"], found["failed"]) == (2, 0)
    rows = await engine.fetch("SELECT input->>'id' AS id, input->>'from' AS name FROM executions ORDER BY 1")
    assert [tuple(row) for row in rows] == [("#2", "probe.numbers"), ("#4", "probe.numbers")]


async def test_an_event_that_was_seen_before_is_dropped_and_after_a_day_it_is_new(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.page = 10
    source.add(1, 2, 2)
    await declare(engine, NUMBERS)
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, 1, 2)
        source.add(1, 2, 3)
        await engine.advance_clock(61)
        await until_started(engine, 1, 2, 3)
        found = await until_state(engine, received=5)
        assert found["duplicates"] == 2
        source.add(1)
        await engine.advance_clock(86_401)
        await until_started(engine, 1, 1, 2, 3)


async def test_events_that_cannot_be_used_are_recorded_and_keep_nobody_from_being_taken(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.page = 10
    source.add(1)
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    source.items += [
        Item("text", {"n": "seven"}),
        Item("nul", {"n": 7, "text": "a\0b"}),
        Item("deep", {"n": 7, "deep": deep}),
        Item("strange", {"n": {1, 2}}),
        Item("zero", {"n": 0}),
    ]
    source.add(2)
    await declare(engine, {**NUMBERS, "input": {"n": "${ event.payload.n }", "part": "${ 10 / event.payload.n }"}})
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, 1, 2)
        found = await until_state(engine, received=7)
    assert (found["rejected"], found["fired"], found["failed"]) == (5, 2, 5)
    rows = await engine.fetch(
        "SELECT delivery, error->>'code' AS code FROM trigger_receipts WHERE error IS NOT NULL ORDER BY delivery"
    )
    codes = dict(map(tuple, rows))
    assert set(codes) == {"text", "nul", "deep", "strange", "zero"}
    assert (codes["text"], codes["strange"]) == ("unexpected_event", "unexpected_event")


async def test_a_look_that_fails_is_repeated_later_and_later_and_nothing_is_lost(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.add(1)
    source.error = ActionError("the other system is busy", code="busy")
    await declare(engine, NUMBERS)
    async with engine.worker(poll_seconds=0.02):
        waits: list[float] = []
        for failures in (1, 2, 3):
            found = await until_state(engine, failures=failures)
            waits.append(found["next_at"].timestamp() - found["last_error_at"].timestamp())
            assert orjson.loads(found["last_error"])["code"] == "busy"
            await engine.advance_clock(waits[-1] + 1)
        # 5, 10, 20 seconds, some more or less by chance
        assert all(0.8 < wait / expected < 1.2 for wait, expected in zip(waits, (5, 10, 20), strict=True))
        await until_state(engine, failures=4)
        source.error = None
        await engine.advance_clock(1_000)
        await until_started(engine, 1)
        assert (await until_state(engine, failures=0))["received"] == 1
    assert len(source.asked) == 5


async def test_a_listener_takes_what_comes_and_settles_it_afterwards(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.add(1)
    await declare(engine, CALLS)
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, 1)
        source.add(2, 3)
        await until_started(engine, 1, 2, 3)

        async def is_settled() -> bool:
            return source.settled == 3

        await engine.until(is_settled)
        assert source.listening == 1
        assert (await state(engine, "calls"))["holder"] is not None
    assert source.listening == 0
    # whoever comes next need not wait for a lease to run out
    found = await state(engine, "calls")
    assert found["holder"] is None and found["next_at"].timestamp() <= engine.clock.now()


async def test_of_two_workers_one_listens_and_the_other_goes_on_when_it_is_gone(
    engine: Harness, flow: UUID, source: Source
) -> None:
    await declare(engine, CALLS, NUMBERS)
    async with engine.worker(poll_seconds=0.02):
        async with engine.worker(poll_seconds=0.02):
            for number in range(1, 20):
                source.add(number)
            await until_started(engine, *(number for number in range(1, 20) for _ in range(2)))
            assert source.listening == 1
        source.add(20)
        await engine.advance_clock(61)
        await until_started(engine, *(number for number in range(1, 21) for _ in range(2)))
        assert source.listening == 1


async def test_what_a_lost_worker_finds_late_is_not_taken(engine: Harness, flow: UUID, source: Source) -> None:
    source.add(1)
    may_answer, is_asked = asyncio.Event(), asyncio.Event()
    poll = source.poll

    async def slow(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
        found = await poll(connection, config, cursor)
        if not is_asked.is_set():
            is_asked.set()
            await may_answer.wait()
        return found

    from weftline.authoring.integrations import integrations

    probe = integrations.get("probe")
    assert probe is not None
    probe.trigger("numbers", title="Numbers", type="POLLING", config=CONFIG, output=OUTPUT)(slow)
    await declare(engine, NUMBERS)
    async with engine.worker(poll_seconds=0.02) as lost:
        await asyncio.wait_for(is_asked.wait(), 10)
        # it stands still, as a frozen process does, and its lease runs out
        task, lost.parts.sources._task = lost.parts.sources._task, None
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await engine.advance_clock(11)
        async with engine.worker(poll_seconds=0.02):
            await until_started(engine, 1)
            found = await until_state(engine, received=1)
            may_answer.set()
            await asyncio.gather(*(look.task for look in lost.parts.sources._looks.values() if look.task))
            assert dict(await state(engine)) == dict(found)
    await until_started(engine, 1)


async def test_a_trigger_whose_credentials_are_refused_is_held_until_they_are_renewed(
    engine: Harness, system: OtherSystem, source: Source
) -> None:
    await engine.publish(action("a"))
    id = await connect_to(engine, system.url, auth="BEARER", credentials={"token": "revoked-4711"})
    source.add(1)
    poll = source.poll

    async def signed(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
        if connection.credentials["token"] == "revoked-4711":
            raise connection.unauthorized("the token revoked-4711 is no more")
        return await poll(connection, config, cursor)

    from weftline.authoring.integrations import integrations

    probe = integrations.get("probe")
    assert probe is not None
    probe.trigger("numbers", title="Numbers", type="POLLING", config=CONFIG, output=OUTPUT)(signed)
    await declare(engine, NUMBERS)
    async with engine.worker(poll_seconds=0.02):
        found = await until_state(engine, waits_for=id)
        held = orjson.loads(found["held"])
        assert held["code"] == "connection_unauthorized" and "4711" not in held["message"]
        assert found["failures"] == 0
        # from here on its owner is told, as for a step
        (row,) = await engine.fetch("SELECT status, told_at FROM connections WHERE id = $1", id)
        assert tuple(row) == ("UNAUTHORIZED", None)
        await renew(engine, id, {"token": "renewed-4712"})
        async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
            await wake_waiting(connection, DEFAULT_TENANT, id, engine.clock.now())
        await until_started(engine, 1)
        assert (await until_state(engine, waits_for=None))["held"] is None


async def test_a_missing_connection_is_told_and_found_once_it_is_there(
    engine: Harness, system: OtherSystem, source: Source
) -> None:
    await engine.publish(action("a"))
    source.add(1)
    await declare(engine, {**NUMBERS, "connection": "later"})
    async with engine.worker(poll_seconds=0.02):
        found = await until_state(engine, failures=1)
        assert orjson.loads(found["last_error"])["code"] == "unknown_connection"
        await connect_to(engine, system.url, "later")
        await engine.advance_clock(6)
        await until_started(engine, 1)


async def test_the_cursor_stays_with_what_a_trigger_looks_at_and_goes_with_a_reset(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.page = 10
    source.add(1, 2)
    await declare(engine, NUMBERS)
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, 1, 2)
        await until_state(engine, holder=None)
        await declare(engine, {**NUMBERS, "name": "Numbers", "every": "2m"}, version=1)
        await until_state(engine, holder=None)

        async def was_asked(count: int) -> bool:
            return len(source.asked) == count

        await engine.until(lambda: was_asked(2))
        assert source.asked == [None, {"at": 2}]
        await declare(engine, {**NUMBERS, "config": {"kind": "other"}}, version=1)
        await until_started(engine, 1, 1, 2, 2)
        await until_state(engine, holder=None)
        async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
            await begin_anew(connection, (DEFAULT_TENANT, trigger_id(DEFAULT_TENANT, "flow", "numbers")))
        await until_started(engine, 1, 1, 1, 2, 2, 2)


async def test_nobody_looks_for_what_is_paused_stopped_or_of_a_tenant_that_rests(
    engine: Harness, flow: UUID, source: Source, connect: Connect
) -> None:
    id, operator = (DEFAULT_TENANT, trigger_id(DEFAULT_TENANT, "flow", "numbers")), await connect("weft_operator")
    await declare(engine, {**NUMBERS, "enabled": False})
    assert (await state(engine))["next_at"] is None
    await declare(engine, NUMBERS)
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        await set_due(connection, id, is_live=False)
    assert (await state(engine))["next_at"] is None
    await declare(engine, NUMBERS)
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        await stop_triggers(connection, DEFAULT_TENANT, "flow")
    assert (await state(engine))["next_at"] is None
    await declare(engine, NUMBERS, CALLS)
    async with engine.worker(poll_seconds=0.02, lease_seconds=0.3):

        async def is_listening() -> bool:
            return source.listening == 1

        async def is_quiet() -> bool:
            rows = await engine.fetch("SELECT next_at FROM integration_triggers")
            return source.listening == 0 and all(row["next_at"] is None for row in rows)

        await engine.until(is_listening)
        await until_state(engine, holder=None)
        await operator.execute("UPDATE tenants SET status = 'suspended' WHERE id = $1", DEFAULT_TENANT)
        await engine.advance_clock(61)
        await engine.until(is_quiet)
        source.add(1)
        asked = len(source.asked)
        await operator.execute("UPDATE tenants SET status = 'active' WHERE id = $1", DEFAULT_TENANT)
        await until_started(engine, 1, 1)
        assert len(source.asked) == asked + 1


async def test_a_trigger_with_very_much_takes_its_turns_like_any_other(
    engine: Harness, flow: UUID, source: Source, probe: Integration
) -> None:
    looks: list[str] = []

    async def endless(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
        looks.append("endless")
        at = cursor or 0
        # there is no end to it before the other one has had its turn
        return Poll([Item(f"{at}", {"n": at})], at + 1, is_more="modest" not in looks)

    async def modest(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
        looks.append("modest")
        return Poll([Item("only", {"n": 1_000_000})], 1)

    probe.trigger("endless", title="Endless", type="POLLING", config=CONFIG, output=OUTPUT)(endless)
    probe.trigger("modest", title="Modest", type="POLLING", config=CONFIG, output=OUTPUT)(modest)
    await declare(engine, {**NUMBERS, "trigger": "endless"})
    async with engine.worker(poll_seconds=0.02):

        async def has_begun() -> bool:
            return len(looks) > 3

        await engine.until(has_begun)
        await engine.publish(action("a"), id="other")
        await declare(engine, {**NUMBERS, "trigger": "modest"}, workflow="other")

        async def both() -> bool:
            return 1_000_000 in await numbers(engine)

        await engine.until(both)
        await until_state(engine, holder=None)
        await until_started(engine, *range(looks.count("endless")), 1_000_000)


async def test_a_look_that_finds_very_much_is_taken_in_batches_and_the_cursor_goes_with_the_last(
    engine: Harness, flow: UUID, source: Source
) -> None:
    source.page = 1_000
    source.add(*range(600))
    await declare(engine, NUMBERS)
    async with engine.worker(poll_seconds=0.02):
        await until_started(engine, *range(600))
        found = await until_state(engine, holder=None, received=600)
        assert (orjson.loads(found["cursor"]), found["fired"], source.asked) == ({"at": 600}, 600, [None])


async def test_a_listener_starts_anew_when_its_connection_changes(
    engine: Harness, system: OtherSystem, source: Source
) -> None:
    await engine.publish(action("a"))
    id = await connect_to(engine, system.url, auth="BEARER", credentials={"token": "first-4711"})
    await declare(engine, CALLS)
    async with engine.worker(poll_seconds=0.02):

        async def is_listening() -> bool:
            return source.listening == 1

        await engine.until(is_listening)
        before = (await state(engine, "calls"))["holder"]
        await renew(engine, id, {"token": "second-4712"})

        async def is_listening_anew() -> bool:
            return source.listening == 1 and (await state(engine, "calls"))["holder"] not in (None, before)

        await engine.until(is_listening_anew)
        source.add(1)
        await until_started(engine, 1)
