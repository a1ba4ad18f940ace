"""What sending a request under an idempotency key costs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from uuid import uuid4

from benchmarks import http_client, workflows
from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.site import Site, open_site

CLIENTS = 50
ROUNDS = 3
SECONDS = 5.0
PATIENCE = 30.0


async def keyed(lab: Lab) -> list[Figure]:
    """Requests under an ``Idempotency-Key``, a new one each, and the same without, by turns, on ``weft up``.

    Fifty clients in this process send one after another on connections that stay open. ``keyed.starts`` are starts of
    executions, which keep their key themselves; ``keyed.comments`` are comments on a task, for which the key is kept
    with the answer, as for any other request. Each is the median of its rounds; beside it, without a key.
    """
    rounds, seconds = (1, SECONDS / 5) if lab.is_quick else (ROUNDS, SECONDS)
    async with open_site(lab.directory / "keyed") as site:
        token = await site.sign_in()
        task_id = await _prepare(site, token)
        starts, comments = f"/workflows/{workflows.W1['id']}/executions", f"/tasks/{task_id}/comments"
        asked = {starts: ({"input": {}}, 202), comments: ({"text": "Looks right."}, 201)}
        rates: dict[tuple[str, bool], list[float]] = {
            (path, has_key): [] for path in asked for has_key in (True, False)
        }
        for _ in range(rounds):
            for (path, has_key), found in rates.items():
                body, status = asked[path]
                request = http_client.encode("POST", path, site.port, token=token, body=body)
                found.append(await _rate(site.port, request, status, seconds, has_key=has_key))
        site.process.check()
    return [
        Figure(
            name, median(rates[path, True]), "requests/s", None, "higher", "without a key", median(rates[path, False])
        )
        for name, path in (("keyed.starts", starts), ("keyed.comments", comments))
    ]


async def _rate(port: int, request: bytes, status: int, seconds: float, *, has_key: bool) -> float:
    """Requests a second."""
    begin = time.perf_counter()
    clients = [_send(port, request, status, begin + seconds, has_key=has_key) for _ in range(CLIENTS)]
    count = sum(await asyncio.gather(*clients))
    return count / (time.perf_counter() - begin)


async def _send(port: int, request: bytes, status: int, end: float, *, has_key: bool) -> int:
    """Send a request again and again; returns how often it was answered."""
    head, _, body = request.partition(http_client.HEAD_END)
    count = 0
    async with _connected(port) as connection:
        while time.perf_counter() < end:
            key = f"\r\nIdempotency-Key: {uuid4().hex}".encode() if has_key else b""
            await connection.exchange(head + key + http_client.HEAD_END + body, expected=status)
            count += 1
    return count


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[http_client.HttpConnection]:
    connection = await http_client.connect(port)
    try:
        yield connection
    finally:
        connection.close()


async def _prepare(site: Site, token: str) -> str:
    """Publish what is started, and open a task; its id."""
    async with _connected(site.port) as connection:

        async def ask(method: str, path: str, *expected: int, body: object = None) -> bytes:
            request = http_client.encode(method, path, site.port, token=token, body=body)
            return await connection.exchange(request, expected=expected)

        for definition in (workflows.W1, workflows.TASK):
            await ask("POST", "/workflows", 201, body=definition)
            await ask("POST", f"/workflows/{definition['id']}/publish", 200, body={})
        await ask("POST", f"/workflows/{workflows.TASK['id']}/executions", 202, body={"input": {}})
        async with asyncio.timeout(PATIENCE):
            while not (tasks := json.loads(await ask("GET", "/tasks", 200))["items"]):
                await asyncio.sleep(0.05)
    return tasks[0]["id"]
