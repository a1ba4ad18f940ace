"""Calls the Restate handler over the ingress; runs in the peers' environment, prints its figures as JSON."""

import argparse
import asyncio
import json
import time

import aiohttp
import uvloop

WARM_UP = 50


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--executions", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, raise_for_status=True) as session:
        await throughput(session, options.url, WARM_UP, WARM_UP, options.seconds)
        times = await latency(session, options.url, options.samples)
        rate = await throughput(session, options.url, options.executions, options.concurrency, options.seconds)
    print(json.dumps({"executions_per_s": rate, "times": times}))


async def throughput(
    session: aiohttp.ClientSession, url: str, executions: int, concurrency: int, seconds: float
) -> float:
    """Run executions, `concurrency` at a time, starting none after `seconds`; return executions a second."""
    pending = iter(range(executions))
    done = 0
    began = time.monotonic()

    async def run_pending() -> None:
        nonlocal done
        for number in pending:
            await call(session, url, number)
            done += 1
            if time.monotonic() - began > seconds:
                return

    await asyncio.gather(*(run_pending() for _ in range(concurrency)))
    return done / (time.monotonic() - began)


async def latency(session: aiohttp.ClientSession, url: str, samples: int) -> list[float]:
    """Run single executions one after another; return each one's time in milliseconds."""
    times: list[float] = []
    for number in range(samples):
        began = time.perf_counter()
        await call(session, url, number)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def call(session: aiohttp.ClientSession, url: str, number: int) -> None:
    async with session.post(url, json=number) as response:
        await response.read()


if __name__ == "__main__":
    uvloop.run(main())
