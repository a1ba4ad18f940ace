"""Serving the API: granian, in this process."""

from __future__ import annotations

import asyncio
import signal
import ssl
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AF_INET6, create_server

import structlog
import uvloop
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from weftline.api.app import Application

log = structlog.get_logger(__name__)

BACKLOG = 1024
HEADER_TIMEOUT_MS = 15_000
STOP_SECONDS = 10.0
"""Time that requests under way are given when the server stops."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What the server proves with that it is the one its clients look for.

    Attributes:
        certificate: PEM file of its certificate, with those of the authorities between.
        key: PEM file of its private key.
    """

    certificate: Path
    key: Path


def serve(
    app: Application,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    socket: Path | None = None,
    tls: Tls | None = None,
) -> None:
    """Serve the API until this process gets SIGTERM or SIGINT; requests under way are answered first.

    Args:
        app: the API.
        host, port: where to listen.
        socket: a unix socket to make and listen on instead.
        tls: serve https, with TLS 1.2 or 1.3, and nothing without; None for plain http.

    Raises:
        OSError: the address cannot be used, or a file of ``tls`` not be read.
    """
    if socket is None:
        # granian itself would die of a taken port, without a word that could be understood
        create_server((host, port), family=AF_INET6 if ":" in host else AF_INET).close()
    if tls is not None:
        # as above: what granian cannot use is told here
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key)
    uvloop.run(_serve(app, host, port, socket, tls))


async def _serve(app: Application, host: str, port: int, socket: Path | None, tls: Tls | None) -> None:
    server = Server(
        app,
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
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    stop = asyncio.create_task(stopping.wait(), name="stop")
    await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        app.release_waiting()
        server.stop()
        await asyncio.wait([serving], timeout=STOP_SECONDS)
    stop.cancel()
    if not serving.done():
        log.warning("stopping although requests are under way")
        serving.cancel()
        return
    serving.result()
