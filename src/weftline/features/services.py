"""The features' services on one database, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

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

HOT_CONNECTIONS = 4
"""For starts and hints, beside the connections of everything else."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the features offer, ready to use."""

    database: Database
    workflows: WorkflowService
    starter: Starter
    reader: ExecutionReader
    steering: Steering
    watcher: Watcher
    tasks: TaskService


@asynccontextmanager
async def open_services(url: str, actions: Collection[str] | None) -> AsyncGenerator[Services]:
    """The services, until the context ends. The database need not answer yet.

    Args:
        url: a PostgreSQL URL whose role may become ``weft_api``.
        actions: names that definitions may call; None accepts any.
    """
    pool = await create_pool(url, "weft_api", name="weftline-api", min_size=0, max_size=HOT_CONNECTIONS)
    database, versions, hints = Database(url), Versions(), WorkHints(pool)
    starter, watcher = Starter(pool, versions, hints), Watcher(database)
    reader = ExecutionReader(database, versions)
    try:
        yield Services(
            database,
            WorkflowService(database, actions),
            starter,
            reader,
            Steering(database, reader, watcher, hints),
            watcher,
            TaskService(database, hints),
        )
    finally:
        await watcher.close()
        await starter.close()
        await hints.close()
        await database.close()
        await pool.close()
