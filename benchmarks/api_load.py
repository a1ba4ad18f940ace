"""Many HTTP clients in one process, which read and write executions, tasks and workflows; prints its figures as JSON.

What they may work on is read from standard input: one JSON object, see ``Stock``.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvloop

from benchmarks import http_client, workflows
from benchmarks.peers.result import percentile

OK = (200,)
ACCEPTED = (202,)
ACTED = (200, 202)
"""202 where no worker has taken the message in yet."""

Request = tuple[str, str, Any, tuple[int, ...]]
"""A method, a path, a body, and the answers that are good."""


@dataclass
class Stock:
    """What there is to work on.

    Attributes:
        executions: ids to read.
        waiting: ids of executions that wait for a signal, each of which is signalled or cancelled once.
        tasks: ids of open tasks, each of which is completed once.
        cursors: of pages of the list of executions, as they are met.
    """

    executions: list[str]
    waiting: list[str]
    tasks: list[str]
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    cursors: list[str] = field(default_factory=list[str])

    def any_execution(self) -> str:
        return self.chance.choice(self.executions)


def detail(stock: Stock) -> Request:
    return "GET", f"/executions/{stock.any_execution()}", None, OK


def events(stock: Stock) -> Request:
    return "GET", f"/executions/{stock.any_execution()}/events", None, OK


def first_page(stock: Stock) -> Request:
    return "GET", "/executions?limit=20", None, OK


def next_page(stock: Stock) -> Request:
    if not stock.cursors:
        return first_page(stock)
    return "GET", f"/executions?limit=20&cursor={stock.chance.choice(stock.cursors)}", None, OK


def filtered(stock: Stock) -> Request:
    return "GET", f"/executions?limit=20&status=completed&workflowId={workflows.W1['id']}", None, OK


def sorted_otherwise(stock: Stock) -> Request:
    return "GET", "/executions?limit=20&status=completed&sort=-completedAt", None, OK


def list_workflows(stock: Stock) -> Request:
    return "GET", "/workflows", None, OK


def workflow(stock: Stock) -> Request:
    return "GET", f"/workflows/{workflows.W10['id']}", None, OK


def list_tasks(stock: Stock) -> Request:
    return "GET", "/tasks?limit=20", None, OK


def start(stock: Stock) -> Request:
    return "POST", f"/workflows/{workflows.W1['id']}/executions", {"input": {"amount": 250}}, ACCEPTED


def signal(stock: Stock) -> Request:
    return "POST", f"/executions/{stock.waiting.pop()}/signals", {"name": workflows.SIGNAL}, ACCEPTED


def cancel(stock: Stock) -> Request:
    return "POST", f"/executions/{stock.waiting.pop()}/cancel", {"reason": "Ordered twice"}, ACTED


def complete(stock: Stock) -> Request:
    return "POST", f"/tasks/{stock.tasks.pop()}/complete", {"data": {"checked": True}}, OK


MIX: dict[Callable[[Stock], Request], int] = {
    detail: 25,
    first_page: 5,
    next_page: 5,
    filtered: 5,
    sorted_otherwise: 5,
    events: 10,
    list_workflows: 5,
    workflow: 5,
    list_tasks: 10,
    start: 15,
    signal: 4,
    cancel: 2,
    complete: 4,
}
"""How many of a hundred requests are what."""

LISTS = (first_page, next_page)


@dataclass
class Load:
    """How requests are sent.

    Attributes:
        stock: what they are about.
        port: of the server.
        token: an access token.
        begin, end: which requests count, by when they are sent; seconds of ``time.perf_counter``.
        taken: milliseconds from sending each to having its whole answer, by what it was.
        sent: how many requests, with those that do not count.
    """

    stock: Stock
    port: int
    token: str
    begin: float
    end: float
    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))
    sent: int = 0

    async def client(self) -> None:
        """Send requests one after another, on a connection that stays open."""
        connection = await http_client.connect(self.port)
        chance = self.stock.chance
        kinds, weights = list(MIX), list(MIX.values())
        while (sent := time.perf_counter()) < self.end:
            [kind] = chance.choices(kinds, weights)
            method, path, body, expected = kind(self.stock)
            request = http_client.encode(method, path, self.port, token=self.token, body=body)
            answer = await connection.exchange(request, expected=expected)
            self.sent += 1
            if sent >= self.begin:
                self.taken[kind.__name__].append((time.perf_counter() - sent) * 1000)
            if kind in LISTS and len(self.stock.cursors) < 1000:
                self.stock.cursors.append(json.loads(answer)["nextCursor"])
        connection.close()


async def main() -> None:
    """Read the options and what there is, load the server, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True, help="an access token")
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True, help="seconds before those that are counted")
    options = parser.parse_args()
    stock = Stock(**json.load(sys.stdin))
    begin = time.perf_counter() + options.warm_up
    load = Load(stock, options.port, options.token, begin, begin + options.seconds)
    await asyncio.gather(*(load.client() for _ in range(options.clients)))
    took = time.perf_counter() - begin
    times = [taken for kind in load.taken.values() for taken in kind]
    figures = {
        "requests": load.sent,
        "requests_per_s": len(times) / took,
        **{f"p{percent}_ms": percentile(times, percent / 100) for percent in (50, 95, 99)},
        "p95_ms_of": {kind: percentile(taken, 0.95) for kind, taken in sorted(load.taken.items())},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    uvloop.run(main())
