"""The client of the benchmark ``remote``: one process that carries out the steps of a task queue, and times itself."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from typing import Any

import uvloop

from benchmarks.http_client import HttpConnection, connect, encode

QUEUE = "bench"
BATCH = 200
WAIT_SECONDS = 1.0


class Client:
    """Carries out steps until so many are done.

    Args:
        port, token: of the server, and of whoever works.
        steps: how many there are.
    """

    def __init__(self, port: int, token: str, steps: int) -> None:
        self._port = port
        self._token = token
        self._left = steps
        self._answered: dict[str, float] = {}
        """When the last step of each execution was answered, by its id."""
        self.hand_overs: list[float] = []
        """Milliseconds from sending a step's result until the execution's next step had arrived."""

    async def work(self) -> None:
        """Fetch and answer, one after the other, on a connection of its own."""
        connection = await connect(self._port)
        body = {"workerId": "bench", "maxJobs": BATCH, "waitSeconds": WAIT_SECONDS}
        fetch = encode("POST", f"/task-queues/{QUEUE}/fetch", self._port, token=self._token, body=body)
        while self._left > 0:
            jobs: list[dict[str, Any]] = json.loads(await connection.exchange(fetch, expected=200))["items"]
            if jobs:
                await self._answer(connection, jobs)
        connection.close()

    async def _answer(self, connection: HttpConnection, jobs: list[dict[str, Any]]) -> None:
        arrived = time.perf_counter()
        for job in jobs:
            sent = self._answered.get(job["executionId"])
            if sent is not None:
                self.hand_overs.append((arrived - sent) * 1000)
        items = [{"id": job["id"], "token": job["token"], "output": 1} for job in jobs]
        answer = encode("POST", "/jobs/complete", self._port, token=self._token, body={"items": items})
        now = time.perf_counter()
        for job in jobs:
            self._answered[job["executionId"]] = now
        outcomes = json.loads(await connection.exchange(answer, expected=200))["items"]
        assert all(outcome["status"] == "completed" for outcome in outcomes), outcomes
        self._left -= len(jobs)


async def main() -> None:
    """Work as the arguments say, and print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    given = parser.parse_args()
    client = Client(given.port, given.token, given.steps)
    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(given.connections):
            group.create_task(client.work())
    seconds = time.perf_counter() - begin
    print(json.dumps({"steps_per_s": given.steps / seconds, "hand_over_ms": statistics.median(client.hand_overs)}))


if __name__ == "__main__":
    uvloop.run(main())
