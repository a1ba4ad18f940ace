"""Many HTTP clients in one process; prints its figures as JSON.

Speaks HTTP/1.1 on bare streams, since a full client would take more of the machine than the server it measures.
"""

import argparse
import asyncio
import json
import time

import uvloop

from benchmarks import workflows
from benchmarks.peers.result import percentile

BODY = b'{"input": {}}'
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "


async def main() -> None:
    """Read the options, load the server, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True, help="seconds before those that are counted")
    options = parser.parse_args()
    request = (
        f"POST /api/v1/workflows/{workflows.W1['id']}/executions HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{options.port}\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    begin = time.perf_counter() + options.warm_up
    clients = [call(options.port, request, begin, begin + options.seconds) for _ in range(options.clients)]
    times = [taken for client in await asyncio.gather(*clients) for taken in client]
    took = time.perf_counter() - begin
    print(json.dumps({"starts_per_s": len(times) / took, "p95_ms": percentile(times, 0.95)}))


async def call(port: int, request: bytes, begin: float, end: float) -> list[float]:
    """Send requests one after another until ``end``; return the milliseconds of those sent after ``begin``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    while (sent := time.perf_counter()) < end:
        writer.write(request)
        head = (await reader.readuntil(HEAD_END)).lower()
        length = head.index(LENGTH) + len(LENGTH)
        await reader.readexactly(int(head[length : head.index(b"\r", length)]))
        if not head.startswith(b"http/1.1 202 "):
            raise RuntimeError(f"the server answered {head.decode()}")
        if sent >= begin:
            times.append((time.perf_counter() - sent) * 1000)
    writer.close()
    return times


if __name__ == "__main__":
    uvloop.run(main())
