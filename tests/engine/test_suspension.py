"""What becomes of executions while their tenant is suspended, and after."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connect
from tests.engine.harness import Harness, action, chain
from weftline.authoring import Context
from weftline.engine.unshelver import Unshelver
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.queries import queries

QUICK: dict[str, Any] = {"poll_seconds": 0.02}
"""Options of a worker that looks often."""


class Tenancy:
    """Suspends and activates tenants, and looks at what is shelved.

    Args:
        engine: the workers' database.
        operator: a connection of the role that may change tenants.
        watch: a connection that sees every tenant's executions.
    """

    def __init__(
        self,
        engine: Harness,
        operator: asyncpg.Connection[asyncpg.Record],
        watch: asyncpg.Connection[asyncpg.Record],
    ) -> None:
        self._engine = engine
        self._operator = operator
        self._watch = watch

    async def set(self, status: str, tenant: UUID = DEFAULT_TENANT) -> None:
        """Change a tenant's status."""
        await self._operator.execute("UPDATE tenants SET status = $2 WHERE id = $1", tenant, status)

    async def new(self, status: str) -> UUID:
        """Another tenant."""
        tenant = uuid7()
        await self._operator.execute(
            "INSERT INTO tenants (id, slug, name, status) VALUES ($1, $2, $2, $3)", tenant, str(tenant), status
        )
        return tenant

    async def count(self, condition: str) -> int:
        """Executions, of whichever tenant."""
        return await self._watch.fetchval(f"SELECT count(*) FROM executions WHERE {condition}")

    async def shelved(self, execution: UUID) -> asyncpg.Record:
        """Wait until an execution is shelved, and return its row."""

        async def look() -> asyncpg.Record | None:
            row = await self._engine.row(execution)
            return row if row["shelved_wake_at"] is not None and row["wake_at"] is None else None

        return await self._engine.until(look)

    async def noticed(self, worker: Any) -> None:
        """Wait until a worker that has executions in hand knows that their tenant is suspended."""

        async def look() -> bool:
            return DEFAULT_TENANT in worker.halted_tenants

        await self._engine.until(look)


@pytest.fixture
async def tenancy(engine: Harness, connect: Connect) -> AsyncIterator[Tenancy]:
    return Tenancy(engine, await connect("weft_operator"), await connect("weft_worker"))


@pytest.mark.parametrize("status", ["suspended", "archived"])
async def test_an_execution_started_for_a_tenant_that_is_not_active_waits_untouched(
    engine: Harness, tenancy: Tenancy, status: str
) -> None:
    await engine.publish(*chain(2))
    await tenancy.set(status)
    async with engine.worker(**QUICK):
        execution = await engine.start_one()
        row = await tenancy.shelved(execution)
        assert (row["status"], row["started_at"], row["owner"]) == ("pending", None, None)
        assert await engine.types(execution) == []
        await tenancy.set("active")
        row = await engine.reach(execution)
    assert row["status"] == "completed"
    assert row["shelved_wake_at"] is None


async def test_a_running_step_ends_and_is_recorded_and_no_action_begins_after_it(
    engine: Harness, tenancy: Tenancy
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()
    ran: list[str] = []

    @engine.action("gated")
    async def gated(ctx: Context) -> str:
        ran.append(ctx.step_id)
        entered.set()
        await gate.wait()
        return "through"

    await engine.publish(*chain(3, "gated"))
    async with engine.worker(**QUICK) as worker:
        execution = await engine.start_one()
        await entered.wait()
        await tenancy.set("suspended")
        await tenancy.noticed(worker)
        assert (await engine.row(execution))["owner"] is not None
        gate.set()
        await tenancy.shelved(execution)
        assert "STEP_COMPLETED s1" in await engine.types(execution)
        assert ran == ["s1"]
        await tenancy.set("active")
        await engine.reach(execution, "completed")
    assert ran == ["s1", "s2", "s3"]
    assert (await engine.types(execution)).count("WORKFLOW_RECOVERED") == 0


async def test_actions_that_still_queue_do_not_begin(engine: Harness, tenancy: Tenancy) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()
    ran: Counter[str] = Counter()

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        ran[ctx.idempotency_key] += 1
        entered.set()
        await gate.wait()

    await engine.publish(action("only", "gated"))
    async with engine.worker(**QUICK, lanes=1) as worker:
        ids = await engine.start({}, {}, {})
        await entered.wait()
        await tenancy.set("suspended")
        await tenancy.noticed(worker)
        await engine.until(lambda: _equals(tenancy.count("shelved_wake_at IS NOT NULL"), 2))
        gate.set()
        await engine.until(lambda: _equals(tenancy.count("status = 'completed'"), 1))
        assert ran.total() == 1
        await tenancy.set("active")
        for execution in ids:
            await engine.reach(execution, "completed")
    assert set(ran.values()) == {1}
    assert len(ran) == 3


async def test_plain_functions_that_wait_for_a_thread_do_not_begin(engine: Harness, tenancy: Tenancy) -> None:
    gate, entered = threading.Event(), threading.Event()
    ran: Counter[str] = Counter()

    @engine.action("gated")
    def gated(ctx: Context) -> None:
        ran[ctx.idempotency_key] += 1
        entered.set()
        assert gate.wait(30)

    await engine.publish(action("only", "gated", timeout="1h"))
    async with engine.worker(**QUICK, threads=1) as worker:
        ids = await engine.start({}, {}, {})
        await asyncio.to_thread(entered.wait)
        await engine.until(lambda: _equals(tenancy.count("owner IS NOT NULL"), 3))
        await tenancy.set("suspended")
        await tenancy.noticed(worker)
        await engine.until(lambda: _equals(tenancy.count("shelved_wake_at IS NOT NULL"), 2))
        gate.set()
        await engine.until(lambda: _equals(tenancy.count("status = 'completed'"), 1))
        assert ran.total() == 1
        await tenancy.set("active")
        for execution in ids:
            await engine.reach(execution, "completed")
    assert set(ran.values()) == {1}
    assert len(ran) == 3


async def test_a_signal_sent_meanwhile_takes_effect_when_the_tenant_is_active_again(
    engine: Harness, tenancy: Tenancy
) -> None:
    await engine.publish({"id": "hear", "type": "wait", "event": "bell", "next": "last"}, action("last"))
    async with engine.worker(**QUICK):
        execution = await engine.start_one()
        await engine.reach(execution, "waiting")
        before = await engine.types(execution)
        await tenancy.set("suspended")
        assert await engine.signal(execution, "bell") is not None
        first = (await tenancy.shelved(execution))["shelved_wake_at"]
        await engine.signal(execution, "bell")
        again = await tenancy.shelved(execution)
        assert again["shelved_wake_at"] == first
        assert await engine.types(execution) == before
        await tenancy.set("active")
        await engine.reach(execution, "completed")


async def test_a_timer_that_comes_due_meanwhile_fires_when_the_tenant_is_active_again(
    engine: Harness, tenancy: Tenancy
) -> None:
    await engine.publish({"id": "nap", "type": "wait", "duration": "1h", "next": "last"}, action("last"))
    async with engine.worker(**QUICK):
        execution = await engine.start_one()
        before = (await engine.reach(execution, "waiting"))["wake_at"]
        await tenancy.set("suspended")
        await engine.advance_clock(7_200)
        assert (await tenancy.shelved(execution))["shelved_wake_at"] == before
        assert "STEP_COMPLETED nap" not in await engine.types(execution)
        await tenancy.set("active")
        await engine.reach(execution, "completed")


async def test_timers_and_messages_of_an_execution_in_hand_wait_and_then_take_effect_there(
    engine: Harness, tenancy: Tenancy
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()
    ran: list[str] = []

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        entered.set()
        await gate.wait()

    @engine.action("note")
    async def note(ctx: Context) -> None:
        ran.append(ctx.step_id)

    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["work", "nap", "hear"]},
        action("work", "gated"),
        {"id": "nap", "type": "wait", "duration": "1h", "next": "rested"},
        action("rested", "note"),
        {"id": "hear", "type": "wait", "event": "bell", "next": "heard"},
        action("heard", "note"),
    )
    async with engine.worker(**QUICK) as worker:
        execution = await engine.start_one()
        await entered.wait()
        owner = (await engine.row(execution))["owner"]
        await tenancy.set("suspended")
        await tenancy.noticed(worker)
        await engine.advance_clock(7_200)
        await engine.signal(execution, "bell")
        # both would be noticed by now: the worker has looked at timers and inbox after they came
        await worker.parts.timers.run_once()
        await worker.parts.inbox.run_once()
        assert not any(kind.startswith("STEP_COMPLETED") for kind in await engine.types(execution))
        await tenancy.set("active")
        await engine.until(lambda: _equals(_count(ran), 2))
        assert (await engine.row(execution))["owner"] == owner
        gate.set()
        await engine.reach(execution, "completed")
    assert sorted(ran) == ["heard", "rested"]


async def test_an_action_withdrawn_from_an_execution_in_hand_runs_when_the_tenant_is_active_again(
    engine: Harness, tenancy: Tenancy
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()
    ran: Counter[str] = Counter()

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        ran[ctx.step_id] += 1
        entered.set()
        await gate.wait()

    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["left", "right"]},
        action("left", "gated"),
        action("right", "gated"),
    )
    async with engine.worker(**QUICK, lanes=1) as worker:
        execution = await engine.start_one()
        await entered.wait()
        await tenancy.set("suspended")
        await tenancy.noticed(worker)
        await tenancy.set("active")
        await engine.until(lambda: _equals(_count(worker.halted_tenants), 0))
        gate.set()
        await engine.reach(execution, "completed")
    assert ran == {"left": 1, "right": 1}


async def test_suspending_again_and_again_loses_nothing_and_runs_nothing_twice(
    engine: Harness, tenancy: Tenancy
) -> None:
    ran: Counter[str] = Counter()

    @engine.action("count")
    async def count(ctx: Context) -> None:
        ran[ctx.idempotency_key] += 1
        await asyncio.sleep(0)

    nap = {"id": "nap", "type": "wait", "duration": 0.01, "next": "last"}
    await engine.publish(*chain(4, "count")[:3], action("s4", "count", "nap"), nap, action("last", "count"))
    executions = 300
    async with engine.worker(**QUICK, claim_batch=40), engine.worker(**QUICK, claim_batch=40):
        await engine.start(*({} for _ in range(executions)))
        for part in (1, 2, 3, 4):
            await engine.until(lambda part=part: _reaches(ran, part * executions))
            await tenancy.set("suspended")
            await engine.until(lambda: _equals(tenancy.count("owner IS NOT NULL OR wake_at <= now()"), 0))
            await tenancy.set("active")
        await engine.all_ended()
    assert await tenancy.count("status = 'completed'") == executions
    assert await tenancy.count("shelved_wake_at IS NOT NULL") == 0
    assert ran.total() == len(ran) == 5 * executions


async def test_the_backlog_of_a_suspended_tenant_leaves_the_queue_and_the_others_go_on(
    engine: Harness, tenancy: Tenancy, connect: Connect
) -> None:
    await engine.publish(*chain(2))
    other = await tenancy.new("suspended")
    writer = await connect("weft_worker")
    await writer.execute(
        """INSERT INTO executions (tenant_id, id, workflow_id, version_number, wake_at, priority, input)
           SELECT $1, gen_random_uuid(), 'flow', 1, now() - interval '1 hour', 9, '{}' FROM generate_series(1, 2000)""",
        other,
    )
    async with engine.worker(**QUICK):
        execution = await engine.start_one()
        await engine.reach(execution, "completed")
        assert await tenancy.count("shelved_wake_at IS NOT NULL") == 2_000
        assert await tenancy.count("wake_at IS NOT NULL") == 0


async def test_an_execution_handed_back_in_mid_action_goes_on_when_the_tenant_is_active_again(
    engine: Harness, tenancy: Tenancy
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()
    attempts = 0

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        nonlocal attempts
        attempts += 1
        entered.set()
        await gate.wait()

    await engine.publish(*chain(2, "gated"))
    async with engine.worker(**QUICK) as first:
        execution = await engine.start_one()
        await entered.wait()
        await tenancy.set("suspended")
        await tenancy.noticed(first)
        await first.stop(deadline=0)
        async with engine.worker(**QUICK):
            await tenancy.shelved(execution)
            gate.set()
            assert attempts == 1
            await tenancy.set("active")
            await engine.reach(execution, "completed")
    assert attempts == 3


async def test_a_claim_that_shelves_while_the_tenant_becomes_active_strands_nothing(
    engine: Harness, tenancy: Tenancy, connect: Connect
) -> None:
    await tenancy.set("suspended")
    execution = (await engine.start({}))[0]
    worker_id = uuid7()
    claimer = await connect("weft_worker")
    await claimer.execute(queries("workers")["register"], worker_id, "slow", "host", 1, 60.0)
    found = asyncio.Event()
    async with asyncpg.create_pool(engine.url, min_size=1, server_settings={"role": "weft_worker"}) as pool:
        unshelver = Unshelver(pool, found.set, interval=1.0)
        async with claimer.transaction():
            assert await claimer.fetch(queries("executions")["claim"], worker_id, engine.clock.now(), 10) == []
            await tenancy.set("active")
            assert await unshelver.run_once() == 0
        assert (await engine.row(execution))["wake_at"] is None
        assert await unshelver.run_once() == 1
    assert found.is_set()
    row = await engine.row(execution)
    assert row["wake_at"] is not None
    assert row["shelved_wake_at"] is None


async def test_the_unshelver_leaves_the_executions_of_suspended_tenants_alone_however_many_there_are(
    engine: Harness, tenancy: Tenancy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weftline.engine.unshelver.TENANTS", 2)
    monkeypatch.setattr("weftline.engine.unshelver.BATCH", 3)
    writer = await connect("weft_worker")
    tenants = sorted([await tenancy.new("suspended") for _ in range(5)])
    for tenant in tenants:
        await writer.execute(
            """INSERT INTO executions (tenant_id, id, workflow_id, version_number, shelved_wake_at, input)
               SELECT $1, gen_random_uuid(), 'flow', 1, now(), '{}' FROM generate_series(1, 4)""",
            tenant,
        )
    await tenancy.set("active", tenants[3])
    async with asyncpg.create_pool(engine.url, min_size=1, server_settings={"role": "weft_worker"}) as pool:
        unshelver = Unshelver(pool, asyncio.Event().set, interval=1.0)
        # two tenants a turn, three executions a statement; a turn that found some is followed by the same again
        assert [await unshelver.run_once() for _ in range(6)] == [0, 3, 1, 0, 0, 0]
    assert await tenancy.count(f"tenant_id = '{tenants[3]}' AND wake_at IS NOT NULL") == 4
    assert await tenancy.count("shelved_wake_at IS NOT NULL AND wake_at IS NULL") == 16


async def test_who_started_an_execution_is_remembered(engine: Harness) -> None:
    person = uuid7()
    execution = await engine.start_one(started_by=person)
    assert (await engine.row(execution))["started_by"] == person


async def _equals(value: Any, wanted: object) -> bool:
    return await value == wanted


async def _count(items: Any) -> int:
    return len(items)


async def _reaches(ran: Counter[str], count: int) -> bool:
    return ran.total() >= count
