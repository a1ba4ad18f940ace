"""A real HTTP server that misbehaves as it is told."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Reply:
    """How a request is answered.

    Attributes:
        status: of HTTP; 0 hangs up without an answer.
        body: JSON, or bytes as they are.
        cut: hang up after so many bytes of the body.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cut: int | None = None


def problem(status: int, code: str, **headers: str) -> Reply:
    """A problem document."""
    document = {"type": f"about:{code}", "title": code, "status": status, "code": code, "detail": f"It is {code}."}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, document, {"Content-Type": PROBLEM, **given})


HANG_UP = Reply(0)


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Scripted:
    """Answers requests with what is in ``replies``, one after the other, and keeps what it was asked.

    Attributes:
        url: its address.
        replies: what comes next; at their end everything is answered with an empty object.
        seen: the requests.
        gone: set whenever a client has hung up on an answer that does not end.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: deque[Reply] = deque()
        self.seen: list[Seen] = []
        self.gone = Event()
        self._lock = Lock()

    def take(self, request: Seen) -> Reply:
        with self._lock:
            self.seen.append(request)
            return self.replies.popleft() if self.replies else Reply(body={})


@contextmanager
def scripted() -> Iterator[Scripted]:
    """A server on this machine, with a thread for each connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = server.take(Seen(self.command, self.path, dict(self.headers), body))
            if reply.status == 0:
                self.close_connection = True
                return
            text = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            headers = {"Content-Type": "application/json", **reply.headers}
            if "text/event-stream" not in headers["Content-Type"]:
                headers["Content-Length"] = str(len(text))
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text[: reply.cut])
            self.wfile.flush()
            if "text/event-stream" in headers["Content-Type"]:
                self.close_connection = True
                if reply.cut is None:
                    # nothing more comes, until the client goes
                    self.connection.recv(1)
                    server.gone.set()
            elif reply.cut is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = False
    server = Scripted(f"http://127.0.0.1:{http.server_address[1]}")
    thread = Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
