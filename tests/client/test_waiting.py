"""Waiting for executions, of servers that say when something happens, and of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.scripted import HANG_UP, Reply, Scripted, problem, scripted
from tests.client.test_watching import AT_ONCE, EXECUTION, READY, end, event, stream
from weftline.client import Client, NotFound, WaitTimedOut

LOOK = f"/api/v1/executions/{EXECUTION}"
STREAM = f"{LOOK}/live?kinds=execution.%2A"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture
def client(server: Scripted) -> Iterator[Client]:
    with Client(server.url, token="wk_1", retries=AT_ONCE) as made:
        yield made


def execution(status: str) -> Reply:
    return Reply(body={"id": EXECUTION, "workflowId": "greeting", "versionNumber": 1, "status": status})


def asked(server: Scripted) -> list[str]:
    return [seen.path for seen in server.seen]


def test_an_execution_is_looked_at_when_something_has_happened(server: Scripted, client: Client) -> None:
    server.replies += [
        execution("running"),
        stream(READY, event(1, "execution.completed"), cut=False),
        execution("completed"),
    ]
    assert client.executions.wait(EXECUTION).status == "completed"
    assert asked(server) == [LOOK, STREAM, LOOK]
    # nothing stays open
    assert server.gone.wait(10)


def test_an_execution_that_has_ended_is_not_waited_for(server: Scripted, client: Client) -> None:
    server.replies += [execution("failed")]
    assert client.executions.wait(EXECUTION, 30).has_ended
    assert asked(server) == [LOOK]


def test_a_status_on_the_way_may_come_with_any_event(server: Scripted, client: Client) -> None:
    server.replies += [execution("running"), stream(READY, event(2), cut=False), execution("waiting")]
    assert client.executions.wait(EXECUTION, until={"waiting"}).status == "waiting"
    assert asked(server) == [LOOK, f"{LOOK}/live", LOOK]


@pytest.mark.parametrize(
    "broken", [problem(404, "route_not_found"), HANG_UP, stream(READY), stream(end("server_stopping"), cut=False)]
)
def test_where_nobody_says_when_one_looks_now_and_then(
    server: Scripted, client: Client, broken: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weftline.client.waiting.FIRST_LOOK", 0.001)
    server.replies += [execution("running"), broken]
    server.replies += [execution("running"), execution("running"), execution("completed")]
    assert client.executions.wait(EXECUTION, 30).status == "completed"
    assert asked(server)[-2:] == [LOOK, LOOK]


def test_a_wait_ends_when_its_time_is_over(server: Scripted, client: Client) -> None:
    server.replies += [execution("running"), stream(READY, cut=False), *[execution("running")] * 3]
    with pytest.raises(WaitTimedOut) as late:
        client.executions.wait(EXECUTION, 0.3)
    assert late.value.execution.status == "running"
    assert asked(server)[-1] == LOOK


def test_an_execution_that_is_gone_is_not_waited_for(server: Scripted, client: Client) -> None:
    server.replies += [execution("running"), stream(READY, cut=False), problem(404, "execution_not_found")]
    with pytest.raises(NotFound):
        client.executions.wait(EXECUTION)
    assert server.gone.wait(10)
