"""Serving the API: granian, in this process."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AF_INET6, create_server

import structlog
import uvloop
from granian.constants import Interfaces, SSLProtocols
from granian.errors import FatalError
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from weftline.api.app import Application

log = structlog.get_logger(__name__)

BACKLOG = 1024
FAREWELL_SECONDS = 2.0
"""How long live connections may take to tell their clients that the server stops."""

HEADER_TIMEOUT_MS = 15_000
IMPATIENCE = 1.0
"""Seconds after which a second signal is meant; some senders send the same one twice at once."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What the server proves with that it is the one its clients look for.

    Attributes:
        certificate: PEM file of its certificate, with those of the authorities between.
        key: PEM file of its private key.
    """

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class StopTimes:
    """How a server stops, in seconds.

    Attributes:
        delay: it goes on taking requests for so long, and says that it is not ready.
        grace: what requests under way are given then.
    """

    delay: float = 0.0
    grace: float = 30.0


def serve(
    app: Application,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    socket: Path | None = None,
    tls: Tls | None = None,
    stop: StopTimes = StopTimes(),
) -> None:
    """Serve the API until this process gets SIGTERM or SIGINT; requests under way are answered first.

    A second signal ends it at once.

    Args:
        app: the API.
        host, port: where to listen.
        socket: a unix socket to make and listen on instead.
        tls: serve https, with TLS 1.2 or 1.3, and nothing without; None for plain http.
        stop: how it stops.

    Raises:
        OSError: the address cannot be used, or a file of ``tls`` not be read.
        Exception: whatever keeps the API from starting.
    """
    if socket is None:
        # granian itself would die of a taken port, without a word that could be understood
        create_server((host, port), family=AF_INET6 if ":" in host else AF_INET).close()
    if tls is not None:
        # as above: what granian cannot use is told here
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key)
    uvloop.run(_serve(app, host, port, socket, tls, stop))


async def _serve(app: Application, host: str, port: int, socket: Path | None, tls: Tls | None, stop: StopTimes) -> None:
    starting = _Starting(app)
    server = Server(
        starting,
        address=host,
        port=port,
        uds=socket,
        interface=Interfaces.ASGI,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        log_enabled=False,
        ssl_cert=None if tls is None else tls.certificate,
        ssl_key=None if tls is None else tls.key,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    serving = asyncio.create_task(server.serve(), name="serve")
    asked, insisted = _signals()
    await _either(serving, asked)
    if not serving.done():
        app.begin_stop()
        # the server would cut long connections off before they could say why
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await app.farewell()
        await _either(serving, insisted, stop.delay)
        server.stop()
        await _either(serving, insisted, stop.grace)
    if not serving.done():
        log.warning("stopping although requests are under way")
        serving.cancel()
        return
    try:
        serving.result()
    except FatalError as error:
        raise starting.failure or error from None


class _Starting:
    """The API as granian is given it, which keeps to itself why an application did not start.

    Attributes:
        failure: why; None where it did.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.failure: Exception | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request, or take part in the server's start and stop."""
        if scope["type"] == "lifespan":
            return self._live(scope, receive, send)
        return self._app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            self.failure = error
            raise


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """What the first signal to stop sets, and what another one sets later."""
    asked, insisted = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    since = 0.0

    def on_signal() -> None:
        nonlocal since
        if not asked.is_set():
            since = loop.time()
            asked.set()
        elif loop.time() - since > IMPATIENCE:
            insisted.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return asked, insisted


async def _either(task: asyncio.Task[None], event: asyncio.Event, timeout: float | None = None) -> None:
    """Wait until a task is done or an event is set, ``timeout`` seconds at the longest."""
    waiting = asyncio.create_task(event.wait(), name="signal")
    await asyncio.wait([task, waiting], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
