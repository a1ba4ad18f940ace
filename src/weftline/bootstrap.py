"""The only wiring: settings come in here, and what lies below is handed the values it needs.

Every function imports what it wires when it is called, so that a worker does not load the API, nor the API the
engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.engine.worker import Worker
    from weftline.settings import Settings


@asynccontextmanager
async def running_worker(settings: Settings, url: str, registry: ActionRegistry) -> AsyncGenerator[Worker]:
    """A worker that runs while the context is open, and then finishes or hands back what it holds.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    from weftline.authoring.builtin import HttpSettings, close_http, configure_http
    from weftline.engine.process import tune_garbage_collector
    from weftline.engine.worker import Worker, WorkerOptions

    configure_http(HttpSettings(allow_private_addresses=settings.allow_private_addresses))
    options = WorkerOptions(
        capacity=settings.worker_capacity,
        lanes=settings.worker_slots,
        threads=settings.worker_threads,
        lease_seconds=settings.worker_lease_seconds,
        poll_seconds=settings.worker_poll_interval,
    )
    tune_garbage_collector()
    worker = Worker(url, registry, options)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(settings.worker_shutdown_timeout)
        await close_http()


def serve_api(settings: Settings, url: str, registry: ActionRegistry) -> None:
    """Serve the HTTP API on the settings' address until this process gets SIGTERM or SIGINT.

    Args:
        settings: where to listen.
        url: the database's.
        registry: what definitions may call.

    Raises:
        OSError: the address cannot be used.
    """
    from weftline.api.app import ApiOptions, Application
    from weftline.api.server import serve

    app = Application(ApiOptions(url, registry.names(), hosts=(settings.host,)))
    serve(app, host=settings.host, port=settings.port)


def configure_logging(settings: Settings) -> None:
    """Let this process log as the settings say, to standard error."""
    from weftline.telemetry.logging import configure_logging

    configure_logging(settings.log_level, settings.log_format)
