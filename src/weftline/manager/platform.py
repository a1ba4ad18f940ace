"""Where the manager finds the platform: in this process, or at a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from weftline import bootstrap, migrations
from weftline.authoring import registry
from weftline.client import AsyncClient, RetryPolicy
from weftline.features.errors import DomainError
from weftline.manager.client import TenantClient
from weftline.manager.errors import Refused
from weftline.store.embedded import EmbeddedServer
from weftline.store.errors import translated

if TYPE_CHECKING:
    from weftline.settings import Settings


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the manager's questions go.

    Attributes:
        enter: gives the client of a tenant, by its id or slug; raises Refused where there is none.
        database_url: of the platform's database, where it is in this process.
    """

    enter: Callable[[str], Awaitable[TenantClient]]
    database_url: str | None = None


REQUEST_TIMEOUT = 120.0
"""Seconds; longer than any request may wait for an execution."""

ONCE = RetryPolicy(max_attempts=1)
"""For the API in this process: it answers, or will not."""


@asynccontextmanager
async def in_this_process(settings: Settings, *, worker: bool) -> AsyncGenerator[Platform]:
    """The platform in this process: its database, brought up to date, its services, and a worker.

    Args:
        settings: which database, and everything else; without one, the embedded server is started.
        worker: run executions here, too.

    Raises:
        EmbeddedServerError, StoreError: the database cannot be used.
    """
    if not structlog.is_configured():
        # as it is, it would lay out every trace with its local variables, and with them what nobody must see
        bootstrap.configure_logging(settings)
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            server = EmbeddedServer(settings.home)
            # these block for as long as PostgreSQL takes
            url = await asyncio.to_thread(server.start)
            stack.push_async_callback(asyncio.to_thread, server.stop)
        else:
            url = settings.database_url.get_secret_value()
        with translated():
            if not await migrations.is_current(url):
                await migrations.upgrade(url)
        # definitions are checked by the manager itself, which knows what is registered when they are published
        enter = await stack.enter_async_context(bootstrap.console_apis(settings, url, None, background=True))
        if worker:
            await stack.enter_async_context(bootstrap.running_worker(settings, url, registry))

        async def client(tenant: str) -> TenantClient:
            try:
                return TenantClient(AsyncClient(http=await enter(tenant), retries=ONCE))
            except DomainError as error:
                raise Refused(error.status, error.code, error.detail) from None

        yield Platform(client, url)


@asynccontextmanager
async def at_server(url: str, api_key: str) -> AsyncGenerator[Platform]:
    """The platform behind a server's API. Its workers run the executions.

    Args:
        url: the server's address.
        api_key: says who asks.
    """
    async with AsyncExitStack() as stack:

        async def client(tenant: str) -> TenantClient:
            connected = AsyncClient(url, token=api_key, tenant=tenant, timeout=REQUEST_TIMEOUT)
            return TenantClient(await stack.enter_async_context(connected))

        yield Platform(client)
