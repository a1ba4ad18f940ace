"""Web applications in a process of their own, on a free port of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from examples.local.ports import HOST, free_port

PATIENCE = 60.0
"""Seconds to wait for an application."""


@contextmanager
def serving_app(app: str, **env: str) -> Iterator[str]:
    """An ASGI application, while the block runs; gives its address.

    Args:
        app: where it is, like ``package.module:app``.
        env: variables of its environment.
    """
    port = free_port()
    server = ("granian", "--interface", "asgi", "--host", HOST, "--port", str(port), "--log-level", "error")
    with subprocess.Popen([sys.executable, "-m", *server, app], env=os.environ | env) as process:
        try:
            yield _once_ready(f"http://{HOST}:{port}", process)
        finally:
            process.terminate()


def _once_ready(url: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=PATIENCE)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    raise RuntimeError("the application did not become ready")
