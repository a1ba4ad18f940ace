"""A worker in a process of its own, to be killed: ``python -m tests.faults.worker_process URL NAME LEASE_SECONDS``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tests.faults.actions import registry
from weftline.engine.worker import Worker, WorkerOptions
from weftline.store.keyring import Keyring
from weftline.telemetry.logging import configure_logging


async def main(url: str, name: str, lease_seconds: float) -> None:
    """Work until SIGTERM. Few executions in hand and small batches, so that there are many moments to be killed at."""
    options = WorkerOptions(
        name=name, capacity=200, claim_batch=50, commit_batch=50, lease_seconds=lease_seconds, poll_seconds=0.2
    )
    worker = Worker(url, registry, options, keyring=Keyring(bytes(32)))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await worker.start()
    await ended.wait()
    await worker.stop()


def work(url: str, name: str, lease_seconds: float, log: str | None = None) -> None:
    """What a process with a worker does.

    Args:
        url: of the database.
        name, lease_seconds: the worker's.
        log: file for what it logs, instead of standard error.
    """
    if log is not None:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
    configure_logging("info", "json")
    # for what its actions must record whatever becomes of them
    os.environ["WEFT_TEST_DATABASE"] = url
    asyncio.run(main(url, name, lease_seconds))


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], float(sys.argv[3]))
