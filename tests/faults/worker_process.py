"""A worker in a process of its own, to be killed: ``python -m tests.faults.worker_process URL NAME LEASE_SECONDS``."""

from __future__ import annotations

import asyncio
import signal
import sys

from tests.faults.actions import registry
from weftline.engine.worker import Worker, WorkerOptions
from weftline.telemetry.logging import configure_logging


async def main(url: str, name: str, lease_seconds: float) -> None:
    """Work until SIGTERM. Few executions in hand and small batches, so that there are many moments to be killed at."""
    options = WorkerOptions(
        name=name, capacity=200, claim_batch=50, commit_batch=50, lease_seconds=lease_seconds, poll_seconds=0.2
    )
    worker = Worker(url, registry, options)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await worker.start()
    await ended.wait()
    await worker.stop()


if __name__ == "__main__":
    configure_logging("info", "json")
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
