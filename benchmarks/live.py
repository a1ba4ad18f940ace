"""How soon a thousand subscribers over WebSockets hear of what was committed."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import time
from datetime import datetime
from typing import Any, cast

import httpx

from benchmarks import workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.site import open_site

SUBSCRIBERS = 1_000
EXECUTIONS = 50
PATIENCE = 60.0


async def live(lab: Lab) -> list[Figure]:
    """A thousand WebSockets at one server process, each subscribed to the completed executions of a workflow.

    Executions run one after the other. ``live.p50`` and ``live.p99``: from the time that the completing event carries,
    which is before its commit, until a subscriber has it, over all subscribers and executions.
    """
    subscribers, executions = lab.scaled(SUBSCRIBERS), lab.scaled(EXECUTIONS)
    async with open_site(lab.directory / "live") as site:
        token = await site.sign_in()
        url = f"http://127.0.0.1:{site.port}/api/v1"
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=PATIENCE) as client:
            (await client.post("/workflows", json=workflows.W1)).raise_for_status()
            (await client.post(f"/workflows/{workflows.W1['id']}/publish", json={})).raise_for_status()
            crowd = [Subscriber(token) for _ in range(subscribers)]
            loop = asyncio.get_running_loop()
            for each in crowd:
                await loop.create_connection(lambda each=each: each, "127.0.0.1", site.port)
                await each.reached("subscribed")
            delays: list[float] = []
            for number in range(executions):
                path = f"/workflows/{workflows.W1['id']}/executions"
                (await client.post(path, params={"wait": 10}, json={"input": {}})).raise_for_status()
                for each in crowd:
                    await each.heard(number + 1)
            for each in crowd:
                delays += each.delays
                each.close()
        site.process.check()
    return [
        Figure("live.p50", percentile(delays, 0.5), "ms", 50, "lower"),
        Figure("live.p99", percentile(delays, 0.99), "ms", 250, "lower"),
    ]


class Subscriber(asyncio.Protocol):
    """A WebSocket (RFC 6455) that notes when events come; a full client would take more than the server.

    Args:
        token: whose.

    Attributes:
        delays: of each event, milliseconds.
    """

    def __init__(self, token: str) -> None:
        self.delays: list[float] = []
        self._token = token
        self._data = b""
        self._is_open = False
        self._types: set[str] = set()
        self._news = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        # those of uvloop are no subclasses
        self._transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        host, port = transport.get_extra_info("peername")
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take what has come apart."""
        now = time.time()
        self._data += data
        if not self._is_open:
            head, end, self._data = self._data.partition(b"\r\n\r\n")
            if not end:
                self._data = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise BenchmarkFailed(f"no WebSocket: {head.decode()}")
            self._is_open = True
            self._send({"type": "connect", "token": self._token})
            topic = {"workflow": workflows.W1["id"], "kinds": ["execution.completed"]}
            self._send({"type": "subscribe", "id": "all", **topic})
        while (frame := self._frame()) is not None:
            self._take(json.loads(frame), now)

    def connection_lost(self, error: Exception | None) -> None:
        """Let nobody wait for more."""
        self._types.add("lost")
        self._news.set()

    async def reached(self, type: str) -> None:
        """Wait for a message of a type."""
        while type not in self._types:
            await self._wait()

    async def heard(self, count: int) -> None:
        """Wait for so many events."""
        while len(self.delays) < count:
            await self._wait()

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            self._transport.close()

    async def _wait(self) -> None:
        if "lost" in self._types:
            raise BenchmarkFailed("a subscriber lost its connection")
        self._news.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._news.wait()
        except TimeoutError:
            raise BenchmarkFailed(f"a subscriber heard no more; it had {sorted(self._types)}") from None

    def _take(self, message: dict[str, Any], now: float) -> None:
        self._types.add(message["type"])
        for event in message.get("events", ()):
            self.delays.append((now - datetime.fromisoformat(event["occurredAt"]).timestamp()) * 1000)
        self._news.set()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._transport is not None
        text = json.dumps(message).encode()
        size = struct.pack("!B", 0x80 | len(text)) if len(text) < 126 else struct.pack("!BH", 0x80 | 126, len(text))
        # masked with zeros: clients must mask, with whatever
        self._transport.write(b"\x81" + size + bytes(4) + text)

    def _frame(self) -> bytes | None:
        """The payload of the next text frame, if it has come whole."""
        if len(self._data) < 2:
            return None
        size, begin = self._data[1], 2
        if size == 126:
            size, begin = int.from_bytes(self._data[2:4], "big"), 4
        elif size == 127:
            size, begin = int.from_bytes(self._data[2:10], "big"), 10
        if len(self._data) < begin + size:
            return None
        frame, self._data = self._data[begin : begin + size], self._data[begin + size :]
        return frame
