"""The only wiring: settings come in here, and what lies below is handed the values it needs.

Every function imports what it wires when it is called, so that a worker does not load the API, nor the API the
engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from weftline.authoring import ActionRegistry
    from weftline.engine.worker import Worker
    from weftline.settings import Settings


def build_app(settings: Settings, url: str, actions: Collection[str] | None) -> FastAPI:
    """The HTTP API as an ASGI application.

    Args:
        settings: what it is to be like.
        url: the database's.
        actions: names that definitions may call; None accepts any.
    """
    from weftline.api.app import ApiOptions, create_app

    return create_app(ApiOptions(url, actions, hosts=(settings.host,)))


def serve_api(settings: Settings) -> None:
    """Serve the HTTP API on the settings' address and database until SIGTERM or SIGINT.

    Raises:
        ValueError: the settings name no database.
        ImportError: a module of actions cannot be imported.
        OSError: the address cannot be used.
    """
    from weftline.api.server import serve
    from weftline.authoring import load_actions

    if settings.database_url is None:
        raise ValueError("the API needs a database_url")
    actions = load_actions(settings.actions).names()
    app = build_app(settings, settings.database_url.get_secret_value(), actions)
    serve(app, host=settings.host, port=settings.port)


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
    """Let this process log as the settings say, to standard error."""
    from weftline.telemetry.logging import configure_logging

    configure_logging(settings.log_level, settings.log_format)
