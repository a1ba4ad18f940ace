"""The only wiring: settings come in here, and what lies below is handed the values it needs.

Every function imports what it wires when it is called, so that a worker does not load the API, nor the API the engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.engine.worker import Worker
    from weftline.features.executions.reader import ExecutionReader
    from weftline.features.executions.starter import Starter
    from weftline.features.executions.steering import Steering
    from weftline.features.tasks.service import TaskService
    from weftline.features.workflows.service import WorkflowService
    from weftline.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the features offer, ready to use."""

    workflows: WorkflowService
    starter: Starter
    reader: ExecutionReader
    steering: Steering
    tasks: TaskService


@asynccontextmanager
async def open_services(url: str, actions: Collection[str] | None) -> AsyncGenerator[Services]:
    """The features' services on a database.

    Args:
        url: a PostgreSQL URL whose role may become ``weft_api``.
        actions: names that definitions may call; None accepts any.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    from weftline.features.database import Database
    from weftline.features.executions.hints import WorkHints
    from weftline.features.executions.reader import ExecutionReader
    from weftline.features.executions.starter import Starter
    from weftline.features.executions.steering import Steering
    from weftline.features.executions.versions import Versions
    from weftline.features.executions.watcher import Watcher
    from weftline.features.tasks.service import TaskService
    from weftline.features.workflows.service import WorkflowService
    from weftline.store.connect import create_pool
    from weftline.store.errors import translated

    with translated():
        pool = await create_pool(url, "weft_api", name="weftline-cli", max_size=2)
    database, versions, hints = Database(url), Versions(), WorkHints(pool)
    starter, watcher = Starter(pool, versions, hints), Watcher(database)
    reader = ExecutionReader(database, versions)
    try:
        yield Services(
            WorkflowService(database, actions),
            starter,
            reader,
            Steering(database, reader, watcher, hints),
            TaskService(database, hints),
        )
    finally:
        await starter.close()
        await watcher.close()
        await hints.close()
        await database.close()
        await pool.close()


@asynccontextmanager
async def running_worker(settings: Settings, url: str, registry: ActionRegistry) -> AsyncGenerator[Worker]:
    """A worker that runs while the context is open, and then finishes or hands back what it holds.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    from weftline.authoring.builtin import HttpSettings, configure_http
    from weftline.engine.worker import Worker, WorkerOptions

    configure_http(HttpSettings(allow_private_addresses=settings.allow_private_addresses))
    options = WorkerOptions(
        capacity=settings.worker_capacity,
        lanes=settings.worker_slots,
        threads=settings.worker_threads,
        lease_seconds=settings.worker_lease_seconds,
        poll_seconds=settings.worker_poll_interval,
    )
    worker = Worker(url, registry, options)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(settings.worker_shutdown_timeout)


def configure_logging(settings: Settings) -> None:
    """Set this process's logging up."""
