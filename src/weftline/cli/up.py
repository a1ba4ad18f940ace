"""``weft up``: everything on this machine.

::

    weft up ─┬─ PostgreSQL (its own, unless WEFT_DATABASE_URL is set)
             ├─ weft server    the HTTP API
             └─ weft worker    runs executions

This process owns the home, starts the others, starts them again when they end, and stops them in order: API and
worker first, PostgreSQL last. They load their code while it makes the database ready. If it is killed, they
end by themselves; PostgreSQL may go on, and the next ``weft up`` uses it.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import typer

from weftline.cli.failures import CommandFailed
from weftline.cli.options import Actions
from weftline.cli.server import Host, Port, welcome

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from weftline.cli.supervisor import ProcessSpec, Supervised
    from weftline.settings import Settings
    from weftline.store.embedded import EmbeddedServer

READY_WITHIN = 60.0
"""Seconds for the API to answer."""

STOPS_AFTER = 5.0
"""Seconds that a process is given to end beyond its own deadline."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(host: Host = None, port: Port = None, actions: Actions = []) -> None:  # noqa: B006
    """Start everything: the database, the HTTP API and a worker. Ctrl-C or SIGTERM stops it all."""
    from weftline import bootstrap
    from weftline.cli import loop, session
    from weftline.cli.ports import available_port
    from weftline.store.embedded import EmbeddedServer, Ownership

    loop.interrupt_on_sigterm()
    settings = session.load_settings(actions, host=host, port=port)
    bootstrap.configure_logging(settings)
    # a module that cannot be imported is told now, not by a process that ends again and again
    session.load_registry(settings)
    with ExitStack() as stack:
        stack.enter_context(Ownership(settings.home))
        settings = settings.model_copy(update={"port": available_port(settings.host, settings.port)})
        server = EmbeddedServer(settings.home) if settings.database_url is None else None
        url = server.url if server is not None else _outside(settings)
        loop.run(_serve(settings, url, server, stack))


def _outside(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


async def _serve(settings: Settings, url: str, server: EmbeddedServer | None, stack: ExitStack) -> None:
    import asyncio

    from weftline.cli.loop import stop_signal
    from weftline.cli.supervisor import Supervised, keep_server

    stop = stop_signal()
    api, worker = (Supervised(spec) for spec in _processes(settings, url))
    api.start()
    worker.start()
    keeper = None
    try:
        if not await _unless(stop, _make_ready(settings, url, server, stack)):
            return
        api.tell_ready()
        worker.tell_ready()
        keeper = None if server is None else asyncio.create_task(keep_server(server))
        if await _is_ready(settings, api, stop):
            _announce(settings)
            await stop.wait()
    finally:
        if keeper is not None:
            keeper.cancel()
        await asyncio.gather(
            api.stop(settings.server_shutdown_delay + settings.server_shutdown_timeout + STOPS_AFTER),
            # beyond its own deadline a worker only writes down what it hands back
            worker.stop(settings.worker_shutdown_timeout + STOPS_AFTER),
        )


async def _make_ready(settings: Settings, url: str, server: EmbeddedServer | None, stack: ExitStack) -> None:
    """Start PostgreSQL, which goes on until the stack is closed; make or renew the schema, and the first account."""
    import asyncio

    from weftline import bootstrap
    from weftline.cli import session

    if server is not None:
        await asyncio.to_thread(stack.enter_context, server)
    await session.migrate(url)
    created = await bootstrap.create_first_administrator(settings, url)
    if created is not None:
        # at once: whatever happens next, the password is not lost
        typer.echo(welcome(created, site=settings.site))


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do some work; False where a stop was asked for before its end."""
    import asyncio

    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        task.cancel()
        await asyncio.wait({task})
        return False
    await task
    return True


def _processes(settings: Settings, url: str) -> list[ProcessSpec]:
    from weftline.cli.supervisor import ProcessSpec

    environment = {
        "WEFT_HOME": str(settings.home.absolute()),
        "WEFT_HOST": settings.host,
        "WEFT_PORT": str(settings.port),
        "WEFT_DATABASE_URL": url,
        "WEFT_ACTIONS": ",".join(settings.actions),
    }
    weft = [sys.executable, "-m", "weftline.cli.main"]
    return [ProcessSpec(name, [*weft, name, "--stop-with-parent"], environment) for name in ("server", "worker")]


async def _is_ready(settings: Settings, api: Supervised, stop: asyncio.Event) -> bool:
    """Wait until the API answers; False where a stop was asked for meanwhile.

    Raises:
        CommandFailed: it ended instead, or does not answer.
    """
    import asyncio
    import time

    from weftline.cli.ports import answers

    deadline = time.monotonic() + READY_WITHIN
    while not stop.is_set():
        if await asyncio.to_thread(answers, settings.site, "/health/ready", settings.tls_certificate):
            return True
        if api.endings:
            raise CommandFailed("the HTTP server ended as soon as it was started; its messages are above")
        if time.monotonic() > deadline:
            raise CommandFailed(f"the HTTP server does not answer after {READY_WITHIN:.0f} s")
        await asyncio.sleep(0.1)
    return False


def _announce(settings: Settings) -> None:
    site = settings.site
    where = "WEFT_DATABASE_URL" if settings.database_url is not None else str(settings.home.absolute())
    typer.echo(
        f"\n  Weftline is running.\n\n"
        f"    Open   {site}\n"
        f"    API    {site}/api/v1\n"
        f"    Docs   {site}/docs\n"
        f"    Data   {where}\n"
        f"    Stop   Ctrl-C\n"
    )
