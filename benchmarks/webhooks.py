"""How soon webhooks are told of what was committed, and how much they are told at once."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks import http_client, workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.http_client import HttpConnection
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.site import open_site

WEBHOOKS = 8
"""As many as take all the slots of a server, each its share."""

EXECUTIONS = 500
ALONE = 50
PATIENCE = 60.0
KIND = "execution.completed"


async def webhooks(lab: Lab) -> list[Figure]:
    """Webhooks at ``weft up``, which are told of completed executions; the receiver is in this process.

    - ``webhooks.p50``, ``webhooks.p95``: executions run one after the other: from the time that the completing event
      carries, which is before its commit, until one webhook has been told.
    - ``webhooks.deliveries``: eight webhooks are told of 500 executions that are started as fast as one client can:
      deliveries a second, from the first to the last.
    """
    executions, alone = lab.scaled(EXECUTIONS), lab.scaled(ALONE)
    settings = {"WEFT_ALLOW_PRIVATE_ADDRESSES": "true"}
    async with _receiving() as receiver, open_site(lab.directory / "webhooks", settings) as site:
        connection, token = await http_client.connect(site.port), await site.sign_in()

        async def post(path: str, expected: int, body: object) -> None:
            request = http_client.encode("POST", path, site.port, token=token, body=body)
            await connection.exchange(request, expected=expected)

        await post("/workflows", 201, workflows.W1)
        await post(f"/workflows/{workflows.W1['id']}/publish", 200, {})
        start = f"/workflows/{workflows.W1['id']}/executions"
        await post("/webhooks", 201, {"url": receiver.url, "kinds": [KIND]})
        for number in range(alone):
            await post(start, 202, {"input": {}})
            await receiver.until(number + 1)
        delays = [told.delay for told in receiver.told]
        for _ in range(WEBHOOKS - 1):
            await post("/webhooks", 201, {"url": receiver.url, "kinds": [KIND]})
        receiver.told.clear()
        for _ in range(executions):
            await post(start, 202, {"input": {}})
        await receiver.until(executions * WEBHOOKS)
        took = receiver.told[-1].at - receiver.told[0].at
        connection.close()
        site.process.check()
    return [
        Figure("webhooks.p50", percentile(delays, 0.5), "ms", None, "lower"),
        Figure("webhooks.p95", percentile(delays, 0.95), "ms", None, "lower"),
        Figure("webhooks.deliveries", executions * WEBHOOKS / took, "deliveries/s"),
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery.

    Attributes:
        at: when it came, Unix seconds.
        delay: since what it tells of, milliseconds.
    """

    at: float
    delay: float


@dataclass(slots=True)
class Receiver:
    """Takes deliveries.

    Attributes:
        url: where it is.
        told: what came, the oldest first.
    """

    url: str = ""
    told: list[Told] = field(default_factory=list[Told])
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> None:
        """Wait for so many deliveries.

        Raises:
            BenchmarkFailed: no more come.
        """
        while len(self.told) < count:
            self._news.clear()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._news.wait()
            except TimeoutError:
                raise BenchmarkFailed(f"{len(self.told)} deliveries came, not {count}") from None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what comes over one connection."""
        connection = HttpConnection(reader, writer)
        while (body := await connection.receive()) is not None:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            at = time.time()
            happened_at = datetime.fromisoformat(json.loads(body)["timestamp"]).timestamp()
            self.told.append(Told(at, (at - happened_at) * 1000))
            self._news.set()
        writer.close()


@asynccontextmanager
async def _receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/"
    try:
        yield receiver
    finally:
        server.close()
