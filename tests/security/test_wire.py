"""The server on a real socket: encryption, and where one request ends and the next begins."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server

import pytest

from tests.api.client import PATIENCE
from tests.api.conftest import api_options
from tests.features.mail.certificates import make_certificate
from weftline.api.app import Application
from weftline.api.server import Tls, serve

SERVE = """
import sys
from pathlib import Path
from tests.api.conftest import api_options
from weftline.api.app import Application
from weftline.api.server import Tls, serve

port, *files = sys.argv[1:]
tls = Tls(*map(Path, files)) if files else None
serve(Application(api_options("postgresql://nobody@127.0.0.1:9/nothing")), port=int(port), tls=tls)
"""
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def serving(*files: Path) -> AsyncIterator[int]:
    """A server without a database, on a port of its own."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVE,
        str(port),
        *files,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    assert process.returncode is None
                    await asyncio.sleep(0)
                else:
                    writer.close()
                    break
        yield port
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def exchange(port: int, sent: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """What the server answers until it closes the connection."""
    async with asyncio.timeout(PATIENCE):
        name = None if context is None else "127.0.0.1"
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        try:
            writer.write(sent)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


async def test_a_server_with_a_certificate_speaks_tls_of_today_and_nothing_else(tmp_path: Path) -> None:
    trusting = make_certificate(tmp_path).trusting
    pem = tmp_path / "server.pem"
    async with serving(pem, pem) as port:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            trusting.minimum_version = trusting.maximum_version = version
            assert (await exchange(port, LIVE, trusting)).startswith(b"HTTP/1.1 200")
        with pytest.raises((ssl.SSLError, OSError)):
            await exchange(port, LIVE, ssl.create_default_context())
        trusting.minimum_version = trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        trusting.set_ciphers("AES128-SHA:AES256-SHA:AES128-GCM-SHA256")
        with pytest.raises((ssl.SSLError, OSError)):
            await exchange(port, LIVE, trusting)
        try:
            in_the_clear = await exchange(port, LIVE)
        except OSError:
            in_the_clear = b""
        assert b"HTTP" not in in_the_clear


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_server_with_a_certificate_refuses_versions_of_yesterday(tmp_path: Path) -> None:
    trusting = make_certificate(tmp_path).trusting
    pem = tmp_path / "server.pem"
    async with serving(pem, pem) as port:
        trusting.minimum_version, trusting.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        trusting.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, OSError)):
            await exchange(port, LIVE, trusting)


def test_a_certificate_that_cannot_be_read_is_an_error_before_anything_starts(tmp_path: Path) -> None:
    application = Application(api_options("postgresql://nobody@127.0.0.1:9/nothing"))
    with pytest.raises(OSError):
        serve(application, port=0, tls=Tls(tmp_path / "missing.pem", tmp_path / "missing.pem"))


async def test_no_request_hides_within_another() -> None:
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    hidden = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with serving() as port:
        # two lengths that differ are no request
        answer = await exchange(port, head + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + hidden)
        assert answer.startswith(b"HTTP/1.1 400") and b"smuggled" not in answer
        # chunks win over a length, which therefore hides nothing behind them
        answer = await exchange(
            port,
            head
            + b"Connection: close\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
            + hidden,
        )
        assert answer.count(b"HTTP/1.1 ") == 1 and b"smuggled" not in answer
        # a coding that is not known is not guessed at
        answer = await exchange(port, head + b"Transfer-Encoding: chunked, odd\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden)
        assert answer.startswith(b"HTTP/1.1 400") and b"smuggled" not in answer
        # names and values that end a line early are no headers
        answer = await exchange(port, head + b"X-Odd : 1\r\nContent-Length: 2\r\n\r\n{}")
        assert answer.startswith(b"HTTP/1.1 400")
