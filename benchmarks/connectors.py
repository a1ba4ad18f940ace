"""What a step costs that reaches another system over a connection, and whom 500 slow ones keep waiting."""

import asyncio
import gc
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, cast
from uuid import UUID

import httpx
import orjson

from benchmarks import workflows
from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.other_system import SLOW_SECONDS
from benchmarks.peers.children import child
from benchmarks.peers.result import percentile
from benchmarks.processes import REPOSITORY, WeftProcess, weft
from weftline.authoring.builtin import HttpSettings, close_http, configure_http
from weftline.authoring.context import Tenant
from weftline.engine.attempt import Attempt
from weftline.engine.clock import SystemClock
from weftline.engine.connections import Connections
from weftline.engine.link import Link
from weftline.engine.run import NOWHERE, Origin
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.model.masking import Masker
from weftline.model.retry import RetryPolicy
from weftline.store.connect import tenant_transaction
from weftline.store.connections import credentials_context
from weftline.store.keyring import Keyring

CALLS, ROUNDS = 400, 5
SLOW = 500
ALONE = 60
CONNECTION = "bench"
TOKEN = "a-token-of-the-benchmark"


@dataclass
class _Run:
    id: UUID = field(default_factory=uuid7)
    tenant: Tenant = field(default_factory=lambda: Tenant(DEFAULT_TENANT, "default"))
    origin: Origin = NOWHERE


@dataclass
class _Attempt:
    """As much of an attempt as a connection needs."""

    run: _Run = field(default_factory=_Run)
    connection: str = CONNECTION
    policy: RetryPolicy | None = None
    has_timed_out: bool = False

    def learn(self, secrets: AbstractSet[str], masker: Masker) -> None:
        """Nothing comes of it that could hold them."""


async def connectors(lab: Lab) -> list[Figure]:
    """Requests to a system on this machine, which signs in by a bearer token.

    - ``connectors.overhead``: a request over a connection, beyond the same request by httpx alone on a kept connection,
      by turns: processor time, which is all that is added (both wait for the same answer); the median of the rounds'
      differences of medians.
    - ``connectors.slow``: 500 executions whose only step waits a second for its answer, in one worker: until the last
      one has ended. Nothing is slow but the answers: a second is the least.
    - ``connectors.others_p95``: other executions of one action meanwhile, one after the other, beside the same without.
    """
    async with _system() as port:
        await _connect(lab, port)
        overhead = await _overhead(lab, port)
        slow, others, alone = await _slow(lab)
    return [
        Figure("connectors.overhead", overhead, "ms", 1, "lower"),
        Figure("connectors.slow", slow, "s", 5 * SLOW_SECONDS, "lower"),
        Figure("connectors.others_p95", others, "ms", None, "lower", "without slow ones", alone),
    ]


@asynccontextmanager
async def _system() -> AsyncIterator[int]:
    command = [sys.executable, "-m", "benchmarks.other_system"]
    log = REPOSITORY / "build" / "other-system.log"
    async with child(command, log, REPOSITORY) as process:
        assert process.stdout is not None
        yield int(await process.stdout.readline())


async def _connect(lab: Lab, port: int) -> None:
    """Store the connection, and the workflow that uses it."""
    keyring, id = Keyring(lab.master_key), uuid7()
    async with tenant_transaction(lab.api, DEFAULT_TENANT) as connection:
        cipher = await keyring.cipher(connection, DEFAULT_TENANT)
        await connection.execute(
            "INSERT INTO connections (tenant_id, id, integration, name, auth_type, config, sealed, status, created_by)"
            " VALUES ($1, $2, 'http', $3, 'BEARER', $4, $5, 'READY', 'benchmark')",
            DEFAULT_TENANT,
            id,
            CONNECTION,
            orjson.dumps({"baseUrl": f"http://127.0.0.1:{port}"}).decode(),
            cipher.seal(orjson.dumps({"token": TOKEN}), credentials_context(id)),
        )


async def _overhead(lab: Lab, port: int) -> float:
    import weftline.connectors  # noqa: F401 - declares the integration `http`

    configure_http(HttpSettings(allow_private_addresses=True))
    connections = Connections(
        Link(lab.url, "benchmark", Keyring(lab.master_key)), Keyring(lab.master_key), SystemClock()
    )
    attempt = cast("Attempt", _Attempt())
    url, headers = f"http://127.0.0.1:{port}/", {"Authorization": f"Bearer {TOKEN}"}

    async def over_connection() -> None:
        async with connections.use(attempt, "http", True) as connection:
            answer = await connection.request("GET", "/")
        assert answer["body"] == {"ok": True}

    async with httpx.AsyncClient(trust_env=False) as client:

        async def bare() -> None:
            answer = await client.get(url, headers=headers)
            assert orjson.loads(answer.content) == {"ok": True}

        differences: list[float] = []
        for _ in range(ROUNDS):
            times: dict[Any, list[float]] = {bare: [], over_connection: []}
            for _ in range(lab.scaled(CALLS)):
                for call, taken in times.items():
                    began = time.thread_time()
                    await call()
                    taken.append((time.thread_time() - began) * 1000)
            differences.append(median(times[over_connection]) - median(times[bare]))
            gc.collect()
    await connections.close()
    await close_http()
    return median(differences)


async def _slow(lab: Lab) -> tuple[float, float, float]:
    """Seconds until the slow ones have ended; milliseconds of others' p95 meanwhile, and without."""
    settings = {
        "WEFT_DATABASE_URL": lab.url,
        "WEFT_MASTER_KEY": b64encode(lab.master_key).decode(),
        "WEFT_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    await lab.clear()
    async with weft("worker", lab.directory / "connectors.log", settings) as worker:
        await lab.until_worker_lives(worker)
        for _ in range(10):
            await lab.time_execution("w1")
        alone = [await lab.time_execution("w1") for _ in range(lab.scaled(ALONE))]
        # its first use imports and connects
        await lab.time_execution(workflows.SLOW_CALL["id"])
        await lab.clear()
        began = time.time()
        await lab.queue(workflows.SLOW_CALL["id"], lab.scaled(SLOW))
        others: list[float] = []
        others.append(await lab.time_execution("w1"))
        while await _slow_ones_run(lab, worker):
            others.append(await lab.time_execution("w1"))
        ended = await lab.watch.fetchval("SELECT extract(epoch FROM max(completed_at))::float8 FROM executions WHERE"
                                         " workflow_id = $1", workflows.SLOW_CALL["id"])  # fmt: skip
        await lab.expect("completed", lab.scaled(SLOW) + len(others))
    return ended - began, percentile(others, 0.95), percentile(alone, 0.95)


async def _slow_ones_run(lab: Lab, worker: WeftProcess) -> bool:
    worker.check()
    run = "SELECT EXISTS (SELECT FROM executions WHERE workflow_id = $1 AND status NOT IN ('completed', 'failed'))"
    await asyncio.sleep(0)
    return await lab.watch.fetchval(run, workflows.SLOW_CALL["id"])
