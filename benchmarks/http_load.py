"""Many HTTP clients in one process, which start executions; prints its figures as JSON."""

import argparse
import asyncio
import json
import time

import uvloop

from benchmarks import http_client, workflows
from benchmarks.peers.result import percentile


async def main() -> None:
    """Read the options, load the server, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True, help="an access token")
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True, help="seconds before those that are counted")
    options = parser.parse_args()
    path = f"/workflows/{workflows.W1['id']}/executions"
    request = http_client.encode("POST", path, options.port, token=options.token, body={"input": {}})
    begin = time.perf_counter() + options.warm_up
    clients = [call(options.port, request, begin, begin + options.seconds) for _ in range(options.clients)]
    times = [taken for client in await asyncio.gather(*clients) for taken in client]
    took = time.perf_counter() - begin
    print(json.dumps({"starts_per_s": len(times) / took, "p95_ms": percentile(times, 0.95)}))


async def call(port: int, request: bytes, begin: float, end: float) -> list[float]:
    """Send requests one after another until ``end``; return the milliseconds of those sent after ``begin``."""
    connection = await http_client.connect(port)
    times: list[float] = []
    while (sent := time.perf_counter()) < end:
        await connection.exchange(request, expected=202)
        if sent >= begin:
            times.append((time.perf_counter() - sent) * 1000)
    connection.close()
    return times


if __name__ == "__main__":
    uvloop.run(main())
