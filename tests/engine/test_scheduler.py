"""Schedules fire, once each, whatever happens around them; and events fire triggers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from tests.conftest import Connect
from tests.engine.harness import Harness, action
from weftline.features.triggers.declaring import declare_triggers, stop_triggers
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import tenant_transaction

HOUR = 3_600.0
HOURLY = {"id": "hourly", "type": "schedule", "cron": "0 * * * *", "input": {"at": "${trigger.scheduledAt}"}}
WAITING = {"id": "wait", "type": "wait", "event": "go"}


async def declare(engine: Harness, *triggers: dict[str, Any], workflow: str = "flow", version: int = 1) -> None:
    """Publish triggers, as publishing a version does."""
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        definition = {"triggers": list(triggers)}
        await declare_triggers(connection, DEFAULT_TENANT, workflow, version, definition, engine.clock.now())


async def trigger(engine: Harness, key: str = "hourly") -> asyncpg.Record:
    """A trigger's row."""
    return (await engine.fetch("SELECT * FROM triggers WHERE key = $1", key))[0]


async def started(engine: Harness, workflow: str = "flow") -> list[float]:
    """The times for which executions were started, in order."""
    rows = await engine.fetch(
        "SELECT extract(epoch FROM scheduled_at)::float8 AS at FROM executions WHERE workflow_id = $1 ORDER BY 1",
        workflow,
    )
    return [row["at"] for row in rows]


async def until_started(engine: Harness, count: int, workflow: str = "flow") -> list[float]:
    """Wait until so many executions were started."""

    async def look() -> bool:
        return len(await started(engine, workflow)) >= count

    await engine.until(look)
    await engine.all_ended()
    return await started(engine, workflow)


async def to_next_hour(engine: Harness, more: float = 0.0) -> None:
    """Let it be a full hour, and some seconds."""
    now = engine.clock.now()
    await engine.advance_clock(HOUR - now % HOUR + more)


async def test_however_many_schedulers_run_a_firing_starts_one_execution(engine: Harness) -> None:
    workflows = [await engine.publish(action("a"), id=f"flow{number}") for number in range(25)]
    for workflow in workflows:
        await declare(engine, {**HOURLY, "every": "1s", "cron": None}, workflow=workflow)
    async with engine.worker(poll_seconds=0.05), engine.worker(poll_seconds=0.05), engine.worker(poll_seconds=0.05):
        for _ in range(5):
            await engine.advance_clock(1)
        for workflow in workflows:
            await until_started(engine, 5, workflow)
    for workflow in workflows:
        times = await started(engine, workflow)
        # each second once, none left out
        assert [b - a for a, b in pairwise(times)] == [1.0] * (len(times) - 1)
    counted = await engine.fetch("SELECT sum(fired)::int AS fired, sum(failed)::int AS failed FROM triggers")
    total = await engine.fetch("SELECT count(*)::int AS count FROM executions")
    assert (counted[0]["fired"], counted[0]["failed"]) == (total[0]["count"], 0)


async def test_a_schedule_in_somebody_elses_hands_is_not_asked_for_without_a_pause(engine: Harness) -> None:
    await engine.publish(action("a"))
    await declare(engine, HOURLY)
    async with engine.worker(poll_seconds=60) as worker:
        scheduler = worker.parts.scheduler
        async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
            await connection.execute("SELECT FROM triggers FOR UPDATE")
            await to_next_hour(engine, 1)
            assert await scheduler.run_once() == 0
            assert 0 < scheduler.pause_seconds() < 1
        await until_started(engine, 1)


async def test_a_clock_that_jumps_neither_repeats_nor_loses_what_is_made_up_for(engine: Harness) -> None:
    await engine.publish(action("a"))
    await declare(engine, {**HOURLY, "catchUp": "all"})
    async with engine.worker(poll_seconds=0.05):
        await to_next_hour(engine, 1)
        await until_started(engine, 1)
        await engine.advance_clock(-2 * HOUR)
        await engine.advance_clock(2 * HOUR)
        await engine.advance_clock(3 * HOUR)
        times = await until_started(engine, 4)
    assert [b - times[0] for b in times] == [0.0, HOUR, 2 * HOUR, 3 * HOUR]


@pytest.mark.parametrize(("catch_up", "expected"), [("none", 0), ("latest", 1), ("all", 3)])
async def test_after_a_time_without_schedulers_what_was_missed_is_made_up_for(
    engine: Harness, catch_up: str, expected: int
) -> None:
    await engine.publish(action("a"))
    await declare(engine, {**HOURLY, "catchUp": catch_up})
    await to_next_hour(engine, 2 * HOUR + 600)
    async with engine.worker(poll_seconds=0.05):
        times = await until_started(engine, expected)

        async def has_moved_on() -> bool:
            return (await trigger(engine))["next_at"].timestamp() > engine.clock.now()

        await engine.until(has_moved_on)
        assert await started(engine) == times
        assert len(times) == expected
        inputs = await engine.fetch("SELECT input->>'at' AS at FROM executions")
        assert len({row["at"] for row in inputs}) == expected


async def test_what_is_due_while_a_version_is_published_fires_once_by_the_new_one(engine: Harness) -> None:
    await engine.publish(action("a"))
    await declare(engine, HOURLY)
    await to_next_hour(engine)
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        await connection.execute("SELECT FROM triggers FOR UPDATE")
        async with engine.worker(poll_seconds=0.02):
            # the scheduler passes over what a publisher has locked
            await engine.publish(action("b"), id="other")
            await declare(engine, {"id": "beside", "type": "schedule", "every": "1s"}, workflow="other")
            await engine.advance_clock(1)
            await until_started(engine, 1, "other")
            assert await started(engine) == []
            definition = {"triggers": [{**HOURLY, "name": "renamed"}]}
            await declare_triggers(connection, DEFAULT_TENANT, "flow", 2, definition, engine.clock.now())
            await connection.execute("COMMIT")
            await until_started(engine, 1)
            await connection.execute("BEGIN")
    row = await trigger(engine)
    assert (row["fired"], row["version_number"]) == (1, 2)


async def test_a_schedule_that_was_changed_or_stopped_fires_no_more_as_before(engine: Harness) -> None:
    await engine.publish(action("a"))
    await declare(engine, HOURLY)
    await to_next_hour(engine, 1)
    await declare(engine, {**HOURLY, "cron": "30 * * * *"}, version=2)
    async with engine.worker(poll_seconds=0.05):
        await engine.advance_clock(HOUR / 2)
        [first] = await until_started(engine, 1)
        assert first % HOUR == HOUR / 2
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        await stop_triggers(connection, DEFAULT_TENANT, "flow")
    row = await trigger(engine)
    assert (row["status"], row["next_at"]) == ("stopped", None)


@pytest.mark.parametrize("overlap", ["allow", "skip", "queue", "cancel_running"])
async def test_what_happens_while_the_last_one_runs_is_as_the_schedule_says(engine: Harness, overlap: str) -> None:
    await engine.publish(WAITING)
    await declare(engine, {**HOURLY, "overlap": overlap})
    async with engine.worker(poll_seconds=0.05):
        await to_next_hour(engine, 1)

        async def statuses() -> list[str]:
            rows = await engine.fetch("SELECT status, is_queued, owner FROM executions ORDER BY scheduled_at")
            return ["queued" if row["is_queued"] else row["status"] for row in rows if row["owner"] is None]

        async def first_waits() -> bool:
            return await statuses() == ["waiting"]

        await engine.until(first_waits)
        await engine.advance_clock(HOUR)
        expected = {
            "allow": ["waiting", "waiting"],
            "skip": ["waiting"],
            "queue": ["waiting", "queued"],
            "cancel_running": ["cancelled", "waiting"],
        }[overlap]

        async def is_as_expected() -> bool:
            row = await trigger(engine)
            return await statuses() == expected and row["fired"] + row["skipped"] == 2

        await engine.until(is_as_expected)
        assert (await trigger(engine))["skipped"] == (overlap == "skip")


async def test_a_firing_in_vain_is_counted_and_the_next_one_comes(engine: Harness) -> None:
    await engine.publish(action("a"), input={"type": "object", "required": ["order"]})
    await engine.publish(action("a"), id="good")
    await declare(engine, HOURLY)
    await declare(engine, HOURLY, workflow="good")
    async with engine.worker(poll_seconds=0.05):
        await to_next_hour(engine, 1)
        await until_started(engine, 1, "good")
        await engine.advance_clock(HOUR)
        await until_started(engine, 2, "good")
    rows = {row["workflow_id"]: row for row in await engine.fetch("SELECT * FROM triggers")}
    assert (rows["flow"]["failed"], rows["flow"]["fired"], rows["good"]["fired"]) == (2, 0, 2)
    assert "invalid_input" in rows["flow"]["last_error"]
    assert rows["flow"]["status"] == "active"


async def test_what_the_database_refuses_keeps_no_other_schedule_from_firing(engine: Harness, connect: Connect) -> None:
    owner = await connect()
    await owner.execute("ALTER TABLE executions ADD CHECK (workflow_id <> 'flow')")
    await engine.publish(action("a"))
    await engine.publish(action("a"), id="good")
    await declare(engine, HOURLY)
    await declare(engine, HOURLY, workflow="good")
    async with engine.worker(poll_seconds=0.05):
        await to_next_hour(engine, 1)
        await until_started(engine, 1, "good")

        async def has_failed() -> bool:
            rows = await engine.fetch("SELECT failed FROM triggers WHERE workflow_id = 'flow'")
            return rows[0]["failed"] == 1

        await engine.until(has_failed)


async def test_schedules_of_a_suspended_tenant_are_shelved_and_go_on(engine: Harness, connect: Connect) -> None:
    operator = await connect("weft_operator")
    await engine.publish(action("a"))
    await declare(engine, HOURLY)
    await operator.execute("UPDATE tenants SET status = 'suspended' WHERE id = $1", DEFAULT_TENANT)
    async with engine.worker(poll_seconds=0.05):
        await to_next_hour(engine, 2 * HOUR + 600)

        async def is_shelved() -> bool:
            return (await trigger(engine))["is_shelved"]

        await engine.until(is_shelved)
        assert await started(engine) == []
        await operator.execute("UPDATE tenants SET status = 'active' WHERE id = $1", DEFAULT_TENANT)
        # of what was missed the latest, as after any other time without schedulers
        assert len(await until_started(engine, 1)) == 1
    row = await trigger(engine)
    assert (row["is_shelved"], row["fired"]) == (False, 1)


async def test_an_event_of_an_execution_fires_triggers_within_the_tenant(engine: Harness) -> None:
    await engine.publish({"id": "tell", "type": "emit", "event": "orders.created", "payload": {"n": "${input.n}"}})
    await engine.publish(action("a"), id="listener")
    declared = {"type": "event", "event": "orders.*", "condition": "event.payload.n > 1"}
    await declare(engine, declared, workflow="listener")
    async with engine.worker(poll_seconds=0.05):
        await engine.start({"n": 1}, {"n": 2}, {"n": 3})
        await until_started(engine, 2, "listener")

        async def are_carried_out() -> bool:
            return not await engine.fetch("SELECT FROM dispatches")

        await engine.until(are_carried_out)
        await engine.all_ended()
    rows = await engine.fetch(
        "SELECT (input->>'n')::int AS n, trigger_type FROM executions WHERE workflow_id = 'listener'"
    )
    assert sorted(row["n"] for row in rows) == [2, 3]
    assert {row["trigger_type"] for row in rows} == {"event"}


async def test_an_event_fires_the_triggers_that_were_there_when_it_came(engine: Harness) -> None:
    await engine.publish(action("a"))
    await declare(engine, {"type": "event", "event": "orders.created"})
    assert await engine.deliver("orders.created", payload={"n": 1}) == 1
    assert await engine.deliver("orders", payload={"n": 2}) == 0
    assert await engine.deliver("orders.created.late", payload={"n": 3}) == 0
    await declare(engine, version=2)
    async with engine.worker(poll_seconds=0.05):

        async def are_carried_out() -> bool:
            return not await engine.fetch("SELECT FROM dispatches")

        await engine.until(are_carried_out)
    assert await started(engine) == []
