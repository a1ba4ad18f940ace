"""Requests at a steady rate, whatever the answers take; prints its figures as JSON.

A request's time counts from the instant at which it was due, so that a server that stands still for a while is charged
with everything that had to wait meanwhile.
"""

import argparse
import asyncio
import json
import time

import uvloop

from benchmarks import http_client, workflows
from benchmarks.http_client import HttpConnection


async def main() -> None:
    """Read the options, send the requests, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True, help="an access token")
    parser.add_argument("--rate", type=float, required=True, help="requests a second; every other one is a start")
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    path = f"/workflows/{workflows.W1['id']}/executions"
    start = http_client.encode("POST", path, options.port, token=options.token, body={"input": {}})
    idle = [await http_client.connect(options.port)]
    started = json.loads(await idle[0].exchange(start, expected=202))
    read = http_client.encode("GET", f"/executions/{started['id']}", options.port, token=options.token)
    begin = time.perf_counter()
    calls: list[asyncio.Task[float]] = []
    for number in range(int(options.rate * options.seconds)):
        due = begin + number / options.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        request, expected = (start, 202) if number % 2 else (read, 200)
        calls.append(asyncio.create_task(_call(idle, options.port, request, expected, due)))
    print(json.dumps(await asyncio.gather(*calls)))


async def _call(idle: list[HttpConnection], port: int, request: bytes, expected: int, due: float) -> float:
    """Send a request on a connection that has nothing to do, or a new one; return its milliseconds."""
    connection = idle.pop() if idle else await http_client.connect(port)
    await connection.exchange(request, expected=expected)
    idle.append(connection)
    return (time.perf_counter() - due) * 1000


if __name__ == "__main__":
    uvloop.run(main())
