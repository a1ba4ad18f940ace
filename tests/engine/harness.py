"""Drives workers on a real database, and checks every run's log when a test ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from tests.engine.tally import Tally
from weftline.authoring import ActionRegistry, Context
from weftline.engine.worker import Worker, WorkerOptions
from weftline.features.executions.commands import REVIVING
from weftline.machine.folding import fold
from weftline.model.event import Event
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import create_pool, tenant_transaction
from weftline.store.hints import hint_work
from weftline.store.inbox import MessageKind, deliver, send
from weftline.store.keyring import Keyring
from weftline.store.log import events_page, load_state
from weftline.store.starts import NewExecution, start_executions

MASTER_KEY = bytes(32)
ENDED = ("completed", "failed", "cancelled", "timed_out")


class MovableClock:
    """The machine's time, plus what a test adds to it."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        return (time.time_ns() // 1_000 + int(self.offset * 1_000_000)) / 1_000_000


class Harness:
    """A database with workflows, and workers on it.

    Args:
        url: of the database.
        pool: as the API's role.
    """

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.url = url
        self.pool = pool
        self.clock = MovableClock()
        self.registry = ActionRegistry()

    def action(self, name: str) -> Callable[[Callable[[Context], Any]], Callable[[Context], Any]]:
        """Register an action for this test only."""

        def decorate(function: Callable[[Context], Any]) -> Callable[[Context], Any]:
            self.registry.register(name, function)
            return function

        return decorate

    async def publish(self, *nodes: dict[str, Any], id: str = "flow", **fields: Any) -> str:
        """Store a workflow as published version 1."""
        definition = {"id": id, "name": id, "nodes": list(nodes), **fields}
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            await connection.execute(
                """INSERT INTO workflow_templates (tenant_id, id, name, status, latest_version, published_version)
                   VALUES ($1, $2, $2, 'PUBLISHED', 1, 1)""",
                DEFAULT_TENANT,
                id,
            )
            await connection.execute(
                """INSERT INTO workflow_versions
                       (tenant_id, template_id, version_number, definition, definition_hash, published_at)
                   VALUES ($1, $2, 1, $3, '', now())""",
                DEFAULT_TENANT,
                id,
                orjson.dumps(definition).decode(),
            )
        return id

    async def publish_again(self, *nodes: dict[str, Any], id: str = "flow", **fields: Any) -> int:
        """Store another published version of a workflow; returns its number."""
        definition = {"id": id, "name": id, "nodes": list(nodes), **fields}
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            return await connection.fetchval(
                """WITH template AS (
                       UPDATE workflow_templates
                       SET latest_version = latest_version + 1, published_version = latest_version + 1
                       WHERE tenant_id = $1 AND id = $2
                       RETURNING latest_version
                   )
                   INSERT INTO workflow_versions
                       (tenant_id, template_id, version_number, definition, definition_hash, published_at)
                   SELECT $1, $2, latest_version, $3, '', now() FROM template
                   RETURNING version_number""",
                DEFAULT_TENANT,
                id,
                orjson.dumps(definition).decode(),
            )

    async def start(self, *inputs: dict[str, Any], workflow: str = "flow", **options: Any) -> list[UUID]:
        """Start an execution for each input."""
        new = [NewExecution(workflow, 1, orjson.dumps(input).decode(), **options) for input in inputs]
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            ids = await start_executions(connection, DEFAULT_TENANT, new, self.clock.now())
        await self.hint()
        return ids

    async def start_one(self, input: dict[str, Any] | None = None, **options: Any) -> UUID:
        """Start one execution."""
        return (await self.start(input or {}, **options))[0]

    async def hint(self) -> None:
        """Wake the workers, as every writer of work does."""
        async with self.pool.acquire() as connection:
            await hint_work(connection)

    async def advance_clock(self, seconds: float) -> None:
        """Let time pass for the workers."""
        self.clock.offset += seconds
        await self.hint()

    async def send(self, execution: UUID, kind: MessageKind, **payload: Any) -> int | None:
        """Send a message; None where the execution has ended, and the message cannot revive it."""
        now = self.clock.now()
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            seq = await send(connection, DEFAULT_TENANT, execution, kind, payload, now, revives=kind in REVIVING)
        await self.hint()
        return seq

    async def signal(self, execution: UUID, name: str, payload: Any = None) -> int | None:
        """Send a signal."""
        return await self.send(execution, MessageKind.SIGNAL, name=name, payload=payload)

    async def deliver(self, name: str, correlation: str | None = None, payload: Any = None) -> int:
        """Deliver an event to whoever waits for it."""
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            count = await deliver(connection, DEFAULT_TENANT, name, correlation, payload, self.clock.now())
        await self.hint()
        return count

    @asynccontextmanager
    async def worker(self, **options: Any) -> AsyncIterator[Worker]:
        """A worker that runs during the block."""
        worker = Worker(self.url, self.registry, WorkerOptions(**options), self.clock, keyring=Keyring(MASTER_KEY))
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()

    # --- looking ------------------------------------------------------------------------------------------------------

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Rows that the tenant may see."""
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            return await connection.fetch(query, *args)

    async def row(self, execution: UUID) -> asyncpg.Record:
        """An execution's row."""
        return (await self.fetch("SELECT * FROM executions WHERE id = $1", execution))[0]

    async def events(self, execution: UUID) -> list[Event]:
        """An execution's whole log."""
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            return await events_page(connection, DEFAULT_TENANT, execution, 0, 1_000_000)

    async def types(self, execution: UUID) -> list[str]:
        """The kinds of an execution's events, each with its step where it has one."""
        return [f"{event.type} {event.step or ''}".strip() for event in await self.events(execution)]

    async def until(self, condition: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> Any:
        """Wait for a condition, and return its value."""
        async with asyncio.timeout(seconds):
            while not (value := await condition()):
                await asyncio.sleep(0.005)
        return value

    async def reach(self, execution: UUID, *statuses: str, seconds: float = 30.0) -> asyncpg.Record:
        """Wait until an execution rests in one of these statuses (any end, where none is named), and return its row."""
        wanted = statuses or ENDED

        async def look() -> asyncpg.Record | None:
            row = await self.row(execution)
            return row if row["status"] in wanted and row["owner"] is None else None

        try:
            return await self.until(look, seconds)
        except TimeoutError:
            row = await self.row(execution)
            raise AssertionError(
                f"{execution} is {row['status']}, not {wanted}, after {await self.types(execution)}"
            ) from None

    async def all_ended(self, seconds: float = 60.0) -> None:
        """Wait until every execution has ended."""
        count = "SELECT count(*) FROM executions WHERE status <> ALL ($1::text[])"

        async def look() -> bool:
            return (await self.fetch(count, ENDED))[0][0] == 0

        await self.until(look, seconds)

    async def check_logs(self) -> None:
        """Every log is dense and in order, and folds to what its execution's snapshot says; and the statistics say what
        all logs add up to."""
        tally = Tally()
        for row in await self.fetch("SELECT * FROM executions"):
            events = await self.events(row["id"])
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
                remembered = await load_state(connection, DEFAULT_TENANT, row["id"])
            assert remembered is not None
            folded = fold(remembered.input, events)
            assert folded.to_json() == remembered.to_json()
            tally.add(row["workflow_id"], events)
        await self.check_statistics(tally)

    async def check_statistics(self, tally: Tally) -> None:
        """The tenant's statistics say what its logs add up to."""
        async with tenant_transaction(self.pool, DEFAULT_TENANT) as connection:
            await tally.check(connection)


@asynccontextmanager
async def harness(url: str) -> AsyncIterator[Harness]:
    """A harness on a migrated database."""
    pool = await create_pool(url, "weft_api", keyring=Keyring(MASTER_KEY))
    try:
        made = Harness(url, pool)
        yield made
        await made.check_logs()
    finally:
        pool.terminate()


def action(id: str, name: str = "echo", next: str | Sequence[str] | None = None, **fields: Any) -> dict[str, Any]:
    """An action node."""
    node: dict[str, Any] = {"id": id, "type": "action", "action": name, **fields}
    if next is not None:
        node["next"] = next
    return node


def chain(count: int, name: str = "echo", **fields: Any) -> list[dict[str, Any]]:
    """Nodes ``s1`` … in a line."""
    return [
        action(f"s{number}", name, f"s{number + 1}" if number < count else None, **fields)
        for number in range(1, count + 1)
    ]
