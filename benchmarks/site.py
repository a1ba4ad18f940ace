"""``weft up`` in a home of its own, as a new user starts it."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.figure import BenchmarkFailed
from benchmarks.peers.children import free_ports
from benchmarks.processes import WeftProcess, weft
from weftline.store.embedded import EmbeddedServer

PATIENCE = 60.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Site:
    """A running ``weft up``.

    Attributes:
        process: the command.
        port: of its HTTP API, on the loopback address.
        database_url: of its own server.
        seconds_to_ready: from its start to the first good answer of ``/health/ready``.
    """

    process: WeftProcess
    port: int
    database_url: str
    seconds_to_ready: float


@asynccontextmanager
async def open_site(home: Path) -> AsyncIterator[Site]:
    """Run ``weft up`` on a free port, with an empty home that is deleted in the end.

    Raises:
        BenchmarkFailed: it ended, or is not ready after a minute.
    """
    [port] = free_ports(1)
    server = EmbeddedServer(home)
    began = time.perf_counter()
    try:
        async with weft("up", home.with_suffix(".log"), {"WEFT_HOME": str(home), "WEFT_PORT": str(port)}) as process:
            await _until_ready(process, port)
            yield Site(process, port, server.url, time.perf_counter() - began)
    finally:
        # Nothing to do where weft up ended in order; a killed one leaves its server running.
        await asyncio.to_thread(server.shut_down)
        shutil.rmtree(home)


async def _until_ready(process: WeftProcess, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        while time.monotonic() < deadline:
            process.check()
            try:
                if (await client.get("/health/ready")).is_success:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            await asyncio.sleep(LOOK_SECONDS)
    raise BenchmarkFailed(f"weft up is not ready after {PATIENCE:.0f} s")
