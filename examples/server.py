"""A server of an example's own: started for it, asked over HTTP, and gone afterwards."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from weftline.client import Client

EMAIL = "admin@example.com"
PATIENCE = 60.0
"""Seconds to wait for anything."""


class Server:
    """A running server, with its administrator signed in.

    Args:
        api: address of its API.
        password: the administrator's.

    Attributes:
        url: the server's address.
    """

    def __init__(self, api: str, password: str) -> None:
        self.url = api.removesuffix("/api/v1")
        self._client = Client(self.url, email=EMAIL, password=password, timeout=PATIENCE)

    def get(self, path: str) -> Any:
        """What ``path`` answers; raises ``weftline.client.ApiError`` where that is a refusal."""
        return self._send("GET", path)

    def post(self, path: str, body: Any = None, *, is_secret: bool = False) -> Any:
        """Like :meth:`get`, and shows what is asked, but for a secret body."""
        shown = () if body is None else ("…" if is_secret else json.dumps(body),)
        print("$ POST", path, *shown, file=sys.stderr)
        return self._send("POST", path, {} if body is None else body)

    def publish(self, definition: dict[str, Any], dialect: str = "native") -> dict[str, Any]:
        """Store a workflow, and make it the version that executions run; returns the workflow."""
        workflow: dict[str, Any] = self._send("POST", f"/workflows?dialect={dialect}", definition)
        self._send("POST", f"/workflows/{workflow['id']}/publish", {})
        return workflow

    def reach(self, execution: str, status: str) -> dict[str, Any]:
        """The execution, once it has a status."""
        return self.when(execution, lambda found: found["status"] == status)

    def when(self, path: str, is_so: Callable[[Any], object]) -> Any:
        """What ``path`` answers, once something is true of it."""
        deadline = time.monotonic() + PATIENCE
        while not is_so(found := self.get(path)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} does not become what is waited for, but is {json.dumps(found)}")
            time.sleep(0.1)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        return self._client.request(method, path, body=body).body


@contextmanager
def serving(*actions: str, **settings: str) -> Iterator[Server]:
    """A server with a home of its own, so that nothing of yours is touched.

    Args:
        actions: modules of the actions that its workflows call.
        settings: of its environment, like ``WEFT_LOG_LEVEL``.
    """
    password = secrets.token_urlsafe()
    own = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    with tempfile.TemporaryDirectory(prefix="weft-") as home:
        own |= {"WEFT_HOME": home, "WEFT_ADMIN_EMAIL": EMAIL, "WEFT_ADMIN_PASSWORD": password}
        own |= {"WEFT_LOG_LEVEL": "error", **settings}
        command = [sys.executable, "-m", "weftline.cli.main", "up", "--port", "0"]
        command += [argument for module in actions for argument in ("--actions", module)]
        with subprocess.Popen(command, env=own, stdout=subprocess.PIPE, text=True) as process:
            try:
                server = Server(_address(process), password)
                with closing(server):
                    yield server
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    """Where the API is, once it says so."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"API +(http://\S+)", line):
            return found[1]
    raise RuntimeError("the server ended before it was ready")
