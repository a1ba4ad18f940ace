"""A nested query by GraphQL: templates, executions of each, steps of each of those."""

import json
import time

from benchmarks import http_client
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.http_client import HttpConnection
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.site import Site, open_site

TEMPLATES, EXECUTIONS = 20, 5
MORE = 5
"""Executions of each template that the query does not ask for."""

QUERIES = 500
WARM_UP = 20
TARGET = 100.0
"""Milliseconds."""

QUERY = """
query {
  workflowTemplates(first: 20) {
    nodes {
      id name
      executions(first: 5) {
        nodes { id status startedAt completedAt steps { nodes { stepId stepStatus startedAt completedAt output } } }
      }
    }
  }
}
"""


async def graphql(lab: Lab) -> list[Figure]:
    """A query of 20 templates, five executions of each, and their five steps, one after another, on ``weft up``.

    Timed: the request, until its whole answer is there.

    - ``graphql.p50``, ``graphql.p95``: of 500 queries.
    """
    async with open_site(lab.directory / "graphql") as site:
        token = await site.sign_in()
        connection = await http_client.connect(site.port)
        try:
            await _fill(connection, site, token)
            request = _request(site, token)
            times = [await _time(connection, request) for _ in range(WARM_UP + lab.scaled(QUERIES))][WARM_UP:]
        finally:
            connection.close()
    return [
        Figure("graphql.p50", percentile(times, 0.5), "ms", None, "lower"),
        Figure("graphql.p95", percentile(times, 0.95), "ms", TARGET, "lower"),
    ]


async def _fill(connection: HttpConnection, site: Site, token: str) -> None:
    sets = [{"id": f"s{n}", "type": "set", "values": {f"v{n}": n}, "next": f"s{n + 1}"} for n in range(3)]
    nodes = [{"id": "start", "type": "start", "next": "s0"}, *sets, {"id": "s3", "type": "end"}]
    for number in range(TEMPLATES):
        id = f"nested-{number:02}"
        definition = {"id": id, "name": id, "nodes": nodes}
        for path, body, expected in (
            ("/workflows", definition, 201),
            (f"/workflows/{id}/publish", None, 200),
            *((f"/workflows/{id}/executions?wait=30", {"input": {"n": n}}, 200) for n in range(EXECUTIONS + MORE)),
        ):
            call = http_client.encode("POST", path, site.port, token=token, body=body)
            await connection.exchange(call, expected=expected)


def _request(site: Site, token: str) -> bytes:
    body = json.dumps({"query": QUERY}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _time(connection: HttpConnection, request: bytes) -> float:
    began = time.perf_counter()
    answer = await connection.exchange(request, expected=200)
    taken = (time.perf_counter() - began) * 1000
    templates = json.loads(answer)["data"]["workflowTemplates"]["nodes"]
    executions = [execution for template in templates for execution in template["executions"]["nodes"]]
    if len(executions) != TEMPLATES * EXECUTIONS or any(len(each["steps"]["nodes"]) != 5 for each in executions):
        raise BenchmarkFailed("the answer is not whole")
    return taken
