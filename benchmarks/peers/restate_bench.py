"""Restate on W10: its server from npm with its default durability (fsync on), a handler in Python.

The setting: the handler on granian, one worker process, 200 calls at a time. All trials were on a two-core
machine that did other work too, so only figures of one group, taken by turns, can be compared, and small
differences in them mean nothing (steps/s):

- One run each, 50 and 200 at a time: hypercorn 972 and 1,317; granian 1,686 and 2,092.
- One run each, granian, 100 and 400 at a time: one worker 1,358 and 1,811; two workers 1,424 and 1,524;
  single-threaded runtime with Rust tasks 1,131 and 1,535.
- This benchmark, two rounds: 100 at a time 1,102 and 1,044; 200 at a time 1,125 and 1,190; 400 at a time 1,056
  and 1,165.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.peers import environment
from benchmarks.peers.children import child, free_ports, read_line
from benchmarks.peers.result import PeerResult, percentile, show

_HERE = Path(__file__).parent
_STEPS = 10
_CONCURRENCY = 200
_SAMPLES = 50
_MAX_SECONDS = 30
_START_SECONDS = 30


async def run(workdir: Path, database_url: str | None, executions: int) -> PeerResult:
    """Measure Restate.

    Args:
        workdir: an existing directory for logs and Restate's data; on the disk that PostgreSQL is on.
        database_url: ignored, since Restate keeps its own store; taken so that all peers are called alike.
        executions: how many to run at most; none is started after 30 seconds.

    Raises:
        PeerUnavailable: Restate could not be installed or started, or its load ended early.
    """
    python = await environment.python()
    server = await environment.restate_server()
    async with _serving(server, python, workdir) as (version, ingress):
        load = [str(python), str(_HERE / "restate_load.py"), "--url", f"{ingress}/bench/w10"]
        load += ["--executions", str(executions), "--concurrency", str(_CONCURRENCY)]
        load += ["--samples", str(_SAMPLES), "--seconds", str(_MAX_SECONDS)]
        log = workdir / "restate-load.log"
        async with child(load, log, workdir) as process:
            figures = json.loads(await read_line(process, log, 3 * _MAX_SECONDS))
    return {
        "w10_steps_per_s": figures["executions_per_s"] * _STEPS,
        "w10_latency_ms_p50": percentile(figures["times"], 0.5),
        "w10_latency_ms_p99": percentile(figures["times"], 0.99),
        "version": version,
        "setting": f"Python handler on granian, one process, {_CONCURRENCY} calls at a time",
    }


@asynccontextmanager
async def _serving(server: Path, python: Path, workdir: Path) -> AsyncIterator[tuple[str, str]]:
    """Run the server and the handler, introduce them; yield the server's version and its ingress address."""
    node, admin, ingress, handler = free_ports(4)
    config = workdir / "restate.toml"
    config.write_text(_CONFIG.format(node=node, admin=admin, ingress=ingress, data=workdir / "restate-data"))
    serve = [str(python), "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
    serve += ["--port", str(handler), "--http", "2", "--loop", "uvloop", "--no-ws", "--log-level", "error"]
    serve += ["restate_service:app"]
    start = [str(server), "--config-file", str(config), "--no-logo"]
    async with (
        child(start, workdir / "restate-server.log", workdir),
        child(serve, workdir / "restate-service.log", _HERE),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{admin}", trust_env=False) as client,
    ):
        try:
            async with asyncio.timeout(_START_SECONDS):
                await _introduce(client, f"http://127.0.0.1:{handler}")
        except TimeoutError as error:
            raise environment.PeerUnavailable("Restate did not start; see its logs") from error
        version = (await client.get("/version")).json()["version"]
        yield version, f"http://127.0.0.1:{ingress}"


async def _introduce(client: httpx.AsyncClient, handler: str) -> None:
    """Register the handler's address with the server, as soon as both are up."""
    while True:
        try:
            response = await client.post("/deployments", json={"uri": handler})
            if response.is_success:
                return
        except httpx.TransportError:
            pass  # not listening yet
        await asyncio.sleep(0.2)


# Addresses and silence only: everything else is the server's default.
_CONFIG = """
disable-telemetry = true
listen-mode = "tcp"
bind-ip = "127.0.0.1"
advertised-host = "127.0.0.1"
bind-port = {node}
base-dir = "{data}"
log-filter = "error"

[admin]
bind-port = {admin}

[ingress]
bind-port = {ingress}
"""


def main() -> None:
    """Measure Restate alone and print its figures."""
    parser = argparse.ArgumentParser(description="Measure Restate on W10.")
    parser.add_argument("--executions", type=int, default=3000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as workdir:
        show(asyncio.run(run(Path(workdir), None, options.executions)))


if __name__ == "__main__":
    main()
