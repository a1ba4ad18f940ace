"""Serving the API: granian, in this process."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp

BACKLOG = 1024
HEADER_TIMEOUT_MS = 15_000


def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 8080, socket: Path | None = None) -> None:
    """Serve ``app`` until this process gets SIGTERM or SIGINT; requests under way are answered first.

    Args:
        app: an ASGI application.
        host, port: where to listen.
        socket: a unix socket to listen on instead.

    Raises:
        OSError: the address cannot be used.
    """
    uvloop.run(_serve(app, host, port, socket))


async def _serve(app: ASGIApp, host: str, port: int, socket: Path | None) -> None:
    server = Server(
        app,
        address=host,
        port=port,
        uds=socket,
        interface=Interfaces.ASGI,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, server.stop)
    await server.serve()
