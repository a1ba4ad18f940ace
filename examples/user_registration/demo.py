"""Starts the application, registers over HTTP, and shows what is answered."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

PATIENCE = 60.0
"""Seconds to wait for anything."""

ADA = {"email": "Ada@Example.com", "firstName": "Ada", "lastName": "Lovelace", "password": "a long enough passphrase"}


def main() -> int:
    """Register Ada twice, and somebody without an address, and print the answers as JSON lines."""
    with serving() as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        for person in (ADA, ADA, {**ADA, "email": "nowhere"}, {**ADA, "password": "short"}):
            show(http.post("/api/v1/auth/register", json=person))
        show(http.get("/api/v1/statistics"))
    return 0


def show(answer: httpx.Response) -> None:
    """Print an answer as one line of JSON."""
    body: dict[str, Any] = answer.json()
    body.pop("correlationId", None)
    print(json.dumps({"status": answer.status_code, **body}), flush=True)


@contextmanager
def serving() -> Iterator[str]:
    """The application on a port of its own, with a home of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="weft-") as home:
        env = {"WEFT_LOG_LEVEL": "error", **os.environ, "WEFT_HOME": home}
        server = [*("granian", "--interface", "asgi", "--port", str(port), "--log-level", "error")]
        command = [sys.executable, "-m", *server, "examples.user_registration.app:app"]
        with subprocess.Popen(command, env=env) as process:
            try:
                yield _once_ready(f"http://127.0.0.1:{port}", process)
            finally:
                process.terminate()


def _once_ready(url: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/openapi.json", timeout=PATIENCE)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    raise RuntimeError("the application did not become ready")


if __name__ == "__main__":
    sys.exit(main())
