"""A shop on this machine: another system, for tests of the web app. It knows who asks by a bearer token."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

TOKEN = "correct horse battery staple"

ORDER = {"$ref": "#/components/schemas/Order"}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Web shop", "version": "2.1", "description": "Orders of a shop."},
    "servers": [{"url": "/"}],
    "security": [{"token": []}],
    "paths": {
        "/orders": {
            "post": {
                "operationId": "placeOrder",
                "summary": "Place an order",
                "requestBody": {"required": True, "content": {"application/json": {"schema": ORDER}}},
                "responses": {"201": {"description": "", "content": {"application/json": {"schema": ORDER}}}},
            }
        },
        "/stock": {
            "servers": [{"url": "https://stock.example.com"}],
            "get": {"operationId": "readStock", "responses": {"200": {"description": ""}}},
        },
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["article"],
                "properties": {
                    "number": {"type": "integer", "readOnly": True},
                    "article": {"type": "string", "description": "What is ordered."},
                    "gift": {"type": "boolean"},
                },
            }
        },
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}

T = TypeVar("T")


class Shop:
    """The shop.

    Attributes:
        url: where it is.
        orders: what was ordered.
        document: how it describes itself.
        is_broken: it fails whatever is asked for.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.orders: list[dict[str, Any]] = []
        self.document = json.loads(json.dumps(DOCUMENT))
        self.is_broken = False

    def answer(self, method: str, path: str, token: str, body: bytes) -> tuple[int, Any]:
        """Status and body."""
        if path == "/openapi.json":
            return 200, self.document
        if self.is_broken:
            return 503, {"message": "closed for today"}
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "who are you?"}
        if (method, path) == ("POST", "/orders"):
            self.orders.append(json.loads(body))
            return 201, {**self.orders[-1], "number": len(self.orders)}
        return (200, {"login": "ada"}) if path == "/me" else (404, {"message": "no such page"})


@contextmanager
def open_shop() -> Iterator[Shop]:
    """A shop, until the context ends."""

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            token = self.headers.get("authorization", "")
            status, body = shop.answer(self.command, self.path, token, self.rfile.read(size))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    shop = Shop(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def in_thread(opened: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """What an asynchronous context gives, while its loop runs in a thread of its own: a browser drives this one."""
    started = threading.Event()
    given: list[T] = []
    ends: list[Callable[[], object]] = []

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        async with opened() as it:
            given.append(it)
            ends.append(lambda: loop.call_soon_threadsafe(ended.set))
            started.set()
            await ended.wait()

    # what still waits for a browser at the end is cancelled
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(60)
    try:
        yield given[0]
    finally:
        ends[0]()
        thread.join()
