"""Processes that tell webhooks are killed in the middle of it: nothing is lost, and order is kept."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg

from tests.api.receiver import Receiver, hang, receiver, status
from tests.conftest import Connect
from weftline.features.webhooks.deliverer import SLOTS_EACH
from weftline.features.webhooks.signing import new_secret, secret_context
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.keyring import Keyring

EXECUTIONS, EVENTS, KILLS = 20, ("WORKFLOW_STARTED", "STEP_STARTED", "WORKFLOW_COMPLETED"), 3
BEFORE_A_KILL = 10
"""Messages that are answered, before all that follow hang."""


@contextmanager
def process(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that tells webhooks, killed at the end."""
    started = subprocess.Popen([sys.executable, "-m", "tests.faults.deliverer_process", url])
    try:
        yield started
    finally:
        started.kill()
        started.wait()


async def subscribe(worker: asyncpg.Connection, owner: asyncpg.Connection, url: str) -> str:
    """A webhook that is told everything, from the beginning on; returns its secret."""
    webhook_id, secret = uuid7(), new_secret()
    cipher = await Keyring(bytes(32)).cipher(worker, DEFAULT_TENANT)
    sealed = cipher.seal(secret.encode(), secret_context(webhook_id))
    beginning = f"{int(time.time())}~3:3:"
    await owner.execute(
        "INSERT INTO webhooks (tenant_id, id, name, url, kinds, since, secret_sealed, created_by)"
        " VALUES ($1, $2, 'w', $3, '{*}', $4, $5, 'ada')",
        *(DEFAULT_TENANT, webhook_id, url, beginning, sealed),
    )
    await worker.execute("INSERT INTO webhook_position (position) VALUES ($1)", beginning)
    return secret


async def let_happen(worker: asyncpg.Connection, api: asyncpg.Connection) -> list[UUID]:
    """Executions, the events of each told by several rows of the feed."""
    ids = [uuid7() for _ in range(EXECUTIONS)]
    for id in ids:
        await api.execute(
            "INSERT INTO executions (tenant_id, id, workflow_id, version_number, input) VALUES ($1, $2, 'w', 1, '{}')",
            *(DEFAULT_TENANT, id),
        )
    for seq, type in enumerate(EVENTS, 1):
        async with worker.transaction():
            await worker.executemany(
                "INSERT INTO events (tenant_id, execution_id, seq, type, occurred_at) VALUES ($1, $2, $3, $4, now())",
                [(DEFAULT_TENANT, id, seq, type) for id in ids],
            )
            await worker.execute(
                "INSERT INTO feed (tenant_id, subjects, first_seqs, last_seqs) VALUES ($1, $2, $3, $3)",
                *(DEFAULT_TENANT, ids, [seq] * len(ids)),
            )
    return ids


async def told(hooks: Receiver, count: int) -> None:
    """Wait for so many messages."""
    async with asyncio.timeout(60):
        while len(hooks.told) < count:
            await asyncio.sleep(0.005)


async def test_killed_processes_lose_nothing_and_keep_the_order(database: str, connect: Connect) -> None:
    worker, api = await connect("weft_worker"), await connect("weft_api", DEFAULT_TENANT)
    never = asyncio.Event()
    async with receiver() as hooks:
        secret = await subscribe(worker, api, f"{hooks.url}/a")
        ids = await let_happen(worker, api)
        for _ in range(KILLS):
            hooks.answers["/a"] = [status(204)] * BEFORE_A_KILL + [hang(never)] * SLOTS_EACH
            with process(database):
                await told(hooks, len(hooks.told) + BEFORE_A_KILL + 1)
            await worker.execute("UPDATE webhook_deliveries SET due_at = now() WHERE due_at < 'infinity'")
        hooks.answers.clear()
        undone = "SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered'"
        with process(database):
            async with asyncio.timeout(60):
                while await worker.fetchval(undone):
                    await asyncio.sleep(0.005)
        never.set()
    assert await worker.fetchval("SELECT count(*) FROM webhook_deliveries") == EXECUTIONS * len(EVENTS)
    for id in ids:
        seqs = [each.body["data"]["seq"] for each in hooks.told if each.body["data"]["executionId"] == str(id)]
        assert seqs == sorted(seqs)
        assert set(seqs) == set(range(1, len(EVENTS) + 1))
    for each in hooks.told:
        each.verify(secret)
