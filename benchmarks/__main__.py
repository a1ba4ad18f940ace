"""``python -m benchmarks [NAME…] [--quick] [--no-peers]``: measure, print a table, write ``build/bench.json``."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.admission import auth
from benchmarks.api import api
from benchmarks.closing import closing
from benchmarks.comparison import PEERS, compare
from benchmarks.connectors import connectors
from benchmarks.encryption import encryption
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.functions import functions
from benchmarks.http_starts import http
from benchmarks.keyed import keyed
from benchmarks.lab import Lab, open_lab
from benchmarks.latency import latency
from benchmarks.limiter import limiter
from benchmarks.lists import lists
from benchmarks.live import live
from benchmarks.long_runs import long_log, loops
from benchmarks.nested_query import graphql
from benchmarks.openapi import openapi
from benchmarks.peers.environment import PeerUnavailable
from benchmarks.plugins import plugins
from benchmarks.processes import REPOSITORY
from benchmarks.remote import remote
from benchmarks.schedules import schedules
from benchmarks.signins import signins
from benchmarks.tenants import tenants
from benchmarks.throughput import w1, w10
from benchmarks.timers import timers
from benchmarks.up import up
from benchmarks.virtual_time import virtual_time
from benchmarks.waiting import waiting
from benchmarks.web import web
from benchmarks.webhooks import webhooks

BUILD = REPOSITORY / "build"
BENCHMARKS: dict[str, Callable[[Lab], Awaitable[list[Figure]]]] = {
    "w10": w10,
    "w1": w1,
    "latency": latency,
    "timers": timers,
    "schedules": schedules,
    "waiting": waiting,
    "loops": loops,
    "functions": functions,
    "encryption": encryption,
    "long_log": long_log,
    "http": http,
    "api": api,
    "live": live,
    "webhooks": webhooks,
    "connectors": connectors,
    "openapi": openapi,
    "plugins": plugins,
    "keyed": keyed,
    "limiter": limiter,
    "lists": lists,
    "graphql": graphql,
    "remote": remote,
    "closing": closing,
    "auth": auth,
    "signins": signins,
    "tenants": tenants,
    "up": up,
    "virtual_time": virtual_time,
    "web": web,
}
COMPARED = {"w10", "latency"}


async def measure(names: list[str], *, is_quick: bool, with_peers: bool) -> None:
    """Run the benchmarks of these names; what was measured is reported even where one fails."""
    # make and timeout end a run by SIGTERM: the servers must be stopped then, too
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = report.make_console()
    figures: list[Figure] = []
    notes: list[str] = []
    BUILD.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as directory:
            # PostgreSQL may run as another user than this process
            Path(directory).chmod(0o755)
            async with open_lab(Path(directory), is_quick=is_quick) as lab:
                for name in names:
                    console.print(f"measuring {name} …")
                    figures += await BENCHMARKS[name](lab)
                if with_peers and not COMPARED.isdisjoint(names):
                    await _compare(console, lab, figures, notes)
    finally:
        if is_quick:
            notes.append("A quick run: these figures show that everything works, and nothing else.")
        report.write_json(figures, BUILD / "bench.json")
        report.show(console, figures, notes)


async def _compare(console: Console, lab: Lab, figures: list[Figure], notes: list[str]) -> None:
    ours = list(figures)
    for peer in PEERS:
        console.print(f"measuring {peer.name} …")
        try:
            compared, setting = await compare(lab, peer, ours)
        except PeerUnavailable as error:
            notes.append(f"{peer.name} could not be measured: {error}")
        else:
            figures += compared
            notes.append(setting)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Weftline on this machine.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}; all where missing")
    parser.add_argument("--quick", action="store_true", help="do little, only to see that everything works")
    parser.add_argument("--no-peers", action="store_true", help="measure no other systems")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    names = options.names or list(BENCHMARKS)
    try:
        uvloop.run(measure(names, is_quick=options.quick, with_peers=not options.no_peers))
    except BenchmarkFailed as error:
        sys.exit(f"failed: {error}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("stopped")


if __name__ == "__main__":
    main()
