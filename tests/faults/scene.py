"""A load of executions with everything in it that can break, and the proof that nothing did."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from tests.engine.harness import Harness, action
from tests.engine.tally import Tally
from weftline.engine.snapshots import SHORT_LOG
from weftline.machine.folding import fold
from weftline.model.event import Event, EventType
from weftline.store.connect import create_pool

WORKFLOW = (
    action("first", "note", "reserve"),
    action("reserve", "book", "split"),
    {"id": "split", "type": "parallel", "branches": ["left", "right"], "next": "nap"},
    action("left", "note"),
    action("right", "ponder"),
    {"id": "nap", "type": "wait", "duration": 0.05, "next": "settle"},
    action("settle", "book", "last"),
    action("last", "note"),
)
"""Actions on the loop, in threads and in joined transactions, a fork with its join, and a wait that parks the run."""

LEFT, RIGHT = "left@split:1:0", "right@split:1:1"
COMPLETED_STEPS = {"first", "reserve", "split", LEFT, RIGHT, "nap", "settle", "last"}
IN_LEDGER = ("reserve", "settle")
EVENTS_PER_EXECUTION = 2 + 2 * len(COMPLETED_STEPS)
"""At least; recoveries come on top."""

PATIENCE = 60.0
"""Seconds without any event after which the load stands still."""

_AFTER = {
    "reserve": {"first"},
    "split": {"reserve"},
    LEFT: {"reserve"},
    RIGHT: {"reserve"},
    "nap": {"split", LEFT, RIGHT},
    "settle": {"nap"},
    "last": {"settle"},
}
"""Which steps must have completed before a step starts."""

_ALL_EVENTS = """
SELECT execution_id, seq, type, step_id, data::text, extract(epoch FROM occurred_at)::float8 AS at
FROM events ORDER BY execution_id, seq
"""


class Scene:
    """A database with the load's workflow and its ledger.

    Args:
        harness: on the database.
        owner: a connection as the login role.
    """

    def __init__(self, harness: Harness, owner: asyncpg.Connection[asyncpg.Record]) -> None:
        self.harness = harness
        self.owner = owner

    async def event_count(self) -> int:
        """How many events are recorded."""
        return (await self.harness.fetch("SELECT count(*) FROM events"))[0][0]

    async def events_reach(self, count: int) -> bool:
        """Wait until so many events are recorded, or everything has ended; returns whether there is work left."""

        async def look() -> str | None:
            if await self.event_count() >= count:
                return "reached"
            return None if await self.open_count() else "ended"

        await self.patiently(look)
        return await self.open_count() > 0

    async def all_ended(self) -> None:
        """Wait until every execution has ended."""

        async def look() -> bool:
            return await self.open_count() == 0

        await self.patiently(look)

    async def patiently(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        """Wait for a condition, and return its value; however slow the machine is, as long as events are recorded."""
        recorded = -1
        while (now := await self.event_count()) > recorded:
            recorded = now
            with suppress(TimeoutError):
                return await self.harness.until(condition, PATIENCE)
        raise AssertionError(f"no event was recorded for {PATIENCE} s after the first {recorded}")

    async def workers_reach(self, count: int) -> None:
        """Wait until so many workers are at work."""

        async def look() -> bool:
            return (await self.harness.fetch("SELECT count(*) FROM workers"))[0][0] >= count

        await self.harness.until(look, 60)

    async def open_count(self) -> int:
        """How many executions have not ended."""
        return (await self.harness.fetch("SELECT count(*) FROM executions WHERE completed_at IS NULL"))[0][0]

    async def held_by(self, worker: str) -> set[UUID]:
        """The executions that workers of this name hold."""
        held = "SELECT id FROM executions WHERE owner = ANY ($1)"
        return {row["id"] for row in await self.harness.fetch(held, await self.identities(worker))}

    async def identities(self, worker: str) -> set[UUID]:
        """Under which ids workers of this name are registered."""
        return {row["id"] for row in await self.owner.fetch("SELECT id FROM workers WHERE name = $1", worker)}

    async def verify(self, ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        """Every one of these executions completed, each of its steps once and in order, and nothing contradicts itself.

        Returns:
            Their logs.
        """
        rows = {row["id"]: row for row in await self.harness.fetch("SELECT * FROM executions")}
        logs: dict[UUID, list[Event]] = {
            id: [_event(row) for row in events]
            for id, events in groupby(await self.harness.fetch(_ALL_EVENTS), lambda row: row["execution_id"])
        }
        ledger = Counter((row[0], row[1]) for row in await self.owner.fetch("SELECT execution_id, step FROM ledger"))
        wanted = set(ids)
        assert wanted <= rows.keys()
        for id in wanted:
            row, events = rows[id], logs[id]
            assert row["status"] == "completed", (row["status"], row["error"], events)
            assert row["owner"] is None
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert events[-1].type == EventType.WORKFLOW_COMPLETED
            _check_order(events)
            folded = fold(orjson.loads(row["input"]), events).to_json()
            if row["snapshot"] is None:
                # its nap was over before it could be let go: a short run that never rested needs none
                assert row["snapshot_seq"] == 0
                assert len(events) <= SHORT_LOG
            else:
                assert row["snapshot_seq"] == len(events)
                assert orjson.loads(orjson.dumps(folded)) == orjson.loads(row["snapshot"])
        booked = {key: count for key, count in ledger.items() if key[0] in wanted}
        assert booked == {(id, step): 1 for id in wanted for step in IN_LEDGER}
        tally = Tally()
        for id, row in rows.items():
            tally.add(row["workflow_id"], logs.get(id, []))
        await self.harness.check_statistics(tally)
        return {id: logs[id] for id in wanted}


def _event(row: asyncpg.Record) -> Event:
    data = None if row["data"] is None else orjson.loads(row["data"])
    return Event(row["seq"], EventType(row["type"]), row["step_id"], data, row["at"])


def _check_order(events: list[Event]) -> None:
    """Every step started once and completed once, after those before it."""
    started: list[Any] = []
    completed: list[Any] = []
    for event in events:
        if event.type is EventType.STEP_STARTED:
            assert _AFTER.get(event.step or "", set()) <= set(completed), events
            started.append(event.step)
        elif event.type is EventType.STEP_COMPLETED:
            assert event.step in started, events
            completed.append(event.step)
    assert len(started) == len(set(started)), events
    assert sorted(completed) == sorted(COMPLETED_STEPS), events


@asynccontextmanager
async def scene(url: str, *, is_new: bool = True) -> AsyncIterator[Scene]:
    """A scene on a migrated database; not ``is_new`` where it was set already."""
    pool = await create_pool(url, "weft_api")
    owner = await asyncpg.connect(url)
    try:
        harness = Harness(url, pool)
        if is_new:
            await owner.execute("CREATE TABLE ledger (execution_id uuid, step text)")
            await owner.execute("GRANT INSERT ON ledger TO weft_worker")
            await harness.publish(*WORKFLOW)
        yield Scene(harness, owner)
    finally:
        owner.terminate()
        pool.terminate()


def recovered(events: list[Event]) -> bool:
    """Whether a worker was lost while it held this execution."""
    return any(event.type is EventType.WORKFLOW_RECOVERED for event in events)
