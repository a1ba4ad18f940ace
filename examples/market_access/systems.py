"""Stand-ins for a Kong gateway and for Slack, on this machine: they know what this example asks of them, no more.

Both want their token, and the gateway is busy when it is first asked for a group.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4


class Systems(ThreadingHTTPServer):
    """Both of them: the gateway at the root, Slack's API at ``/api``.

    Attributes:
        rows: what the gateway holds, by path.
        messages: what was sent to Slack.
        admin_token, bot_token: of the gateway, and of Slack.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.rows: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.admin_token, self.bot_token = token_urlsafe(), f"xoxb-{token_urlsafe()}"
        self.was_busy = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet
    server: Systems

    def do_GET(self) -> None:
        if self._is_let_in():
            self._answer(200, {"version": "3.9.0"})

    def do_POST(self) -> None:
        body = self._body()
        if self.headers["authorization"] != f"Bearer {self.server.bot_token}":
            self._answer(200, {"ok": False, "error": "invalid_auth"})
            return
        match self.path:
            case "/api/auth.test":
                self._answer(200, {"ok": True, "user": "weftline", "team": "Market operations"})
            case "/api/chat.postMessage" if body["channel"] == "#market-ops":
                self.server.messages.append(body)
                stamp = f"1700000000.{len(self.server.messages):06}"
                self._answer(200, {"ok": True, "channel": "C1", "ts": stamp})
            case _:
                self._answer(200, {"ok": False, "error": "channel_not_found"})

    def do_PUT(self) -> None:
        _, consumer, *nested = self.path.strip("/").split("/")
        row = {"id": consumer, **self._body()}
        if not self._is_let_in():
            return
        if "acls" in nested and not self.server.was_busy:
            self.server.was_busy = True
            self._answer(503, {"message": "busy"})
            return
        if nested:
            kind, name = nested
            own = {"id": str(uuid4()), "group": name} if kind == "acls" else {"id": name, "key": uuid4().hex}
            row |= {"consumer": {"id": consumer}, **own}
        self.server.rows[self.path] = row
        print(f"Kong: {self.path} is there", file=sys.stderr)
        self._answer(200, row)

    def do_DELETE(self) -> None:
        if not self._is_let_in():
            return
        self.server.rows.pop(self.path, None)
        print(f"Kong: {self.path} is gone", file=sys.stderr)
        self._answer(204)

    def _is_let_in(self) -> bool:
        """Whether the gateway's token is right; else it is refused."""
        if self.headers["kong-admin-token"] == self.server.admin_token:
            return True
        self._answer(401, {"message": "Unauthorized"})
        return False

    def _body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, status: int, body: dict[str, Any] | None = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def stand_ins() -> Iterator[Systems]:
    """Both of them, while the block runs."""
    with Systems() as systems:
        thread = threading.Thread(target=systems.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield systems
        finally:
            systems.shutdown()
            thread.join()
