"""What holds for every request: ids, headers, problems, and what is turned away at the door."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from structlog.typing import EventDict

from tests.api.client import EMAIL, PASSWORD, V1, Client, problem, running
from tests.api.conftest import api_options
from tests.api.definitions import GREETING
from weftline.api.app import Application
from weftline.features.access.caller import almighty
from weftline.features.workflows.service import WorkflowService
from weftline.model.ids import DEFAULT_TENANT

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_path_that_is_not_there_is_a_problem_document(api: Client) -> None:
    document = problem(await api.get("/nothing"), 404, "not_found")
    assert document["instance"] == "/api/v1/nothing"
    problem(await api.http.get("/nothing"), 404, "not_found")


async def test_a_method_that_is_not_there_says_which_are(api: Client) -> None:
    answer = await api.http.delete(f"{V1}/workflows/greeting")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]
    problem(await api.get("/workflows/greeting/executions"), 405, "method_not_allowed")


async def test_every_answer_carries_the_requests_id(api: Client) -> None:
    given = await api.get("/workflows", headers={"x-request-id": "from-the-caller"})
    assert given.headers["x-request-id"] == "from-the-caller"
    given = await api.get("/workflows", headers={"x-correlation-id": "from-further-off"})
    assert given.headers["x-request-id"] == "from-further-off"
    made = [(await api.get("/workflows")).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    harmful = await api.get("/workflows", headers={"x-request-id": "a b<script>"})
    assert harmful.headers["x-request-id"] != "a b<script>"


async def test_a_trace_is_carried_on(api: Client) -> None:
    answer = await api.get("/workflows", headers={"traceparent": TRACE})
    assert answer.headers["traceparent"] == TRACE
    assert answer.headers["x-request-id"] == TRACE.split("-")[1]
    assert "traceparent" not in (await api.get("/workflows", headers={"traceparent": "nonsense"})).headers


async def test_answers_tell_browsers_to_be_careful_and_nobody_what_we_run_on(api: Client) -> None:
    headers = (await api.get("/workflows")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "x-powered-by" not in headers


async def test_every_request_is_logged_once_with_its_ids(api: Client, logs: list[EventDict]) -> None:
    await api.publish(GREETING)
    logs.clear()
    id = await api.start("greeting", {"name": "Ada"})
    (line,) = [each for each in logs if each["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("POST", f"{V1}/workflows/greeting/executions", 202)
    assert line["request_id"] and line["tenant_id"]
    assert line["execution_id"] == id
    logs.clear()
    await api.get(f"/executions/{id}/events")
    assert logs[-1]["execution_id"] == id
    logs.clear()
    await api.get("/workflows")
    assert "execution_id" not in logs[-1]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", ""])
async def test_a_request_for_another_host_is_misdirected(api: Client, host: str) -> None:
    problem(await api.get("/workflows", headers={"host": host}), 421, "misdirected_request")


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "127.5.5.5", "[::1]:8080"])
async def test_this_machines_own_names_are_answered(api: Client, host: str) -> None:
    assert (await api.get("/workflows", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
async def test_a_page_of_another_site_is_turned_away(api: Client, origin: str) -> None:
    answer = await api.post("/workflows", GREETING, headers={"origin": origin})
    problem(answer, 403, "cross_site_request")
    own = await api.post("/workflows", GREETING, headers={"origin": "http://localhost:8080"})
    assert own.status_code == 201


async def test_a_body_is_measured_also_where_its_length_is_not_announced(api: Client) -> None:
    chunks_taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal chunks_taken
        while True:
            chunks_taken += 1
            yield b" " * 1_000_000

    headers = {"content-type": "application/json"}
    for path in ("/workflows", "/workflows/greeting/executions", "/events"):
        chunks_taken = 0
        answer = await api.http.post(V1 + path, content=endless(), headers=headers)
        problem(answer, 413, "body_too_large")
        assert chunks_taken == 6


async def test_a_batch_may_be_larger_than_other_bodies(api: Client) -> None:
    await api.publish(GREETING)
    path, headers = "/workflows/greeting/executions/batch", {"content-type": "application/x-ndjson"}
    line = b'{"input": {"name": "Ada", "more": "' + b"x" * 9_000_000 + b'"}}\n'
    assert (await api.post(path, content=line, headers=headers)).json()["accepted"] == 1
    problem(await api.post(path, content=line * 2, headers=headers), 413, "body_too_large")


async def test_headers_and_paths_may_be_only_so_long(api: Client) -> None:
    for header in ({"X-Long": "x" * 33_000}, {f"X-{number}": "x" * 400 for number in range(90)}):
        problem(await api.get("/workflows", headers=header), 431, "headers_too_large")
    problem(await api.get(f"/workflows/{'x' * 9_000}"), 414, "uri_too_long")
    problem(await api.get("/workflows", params={"q": "x" * 9_000}), 414, "uri_too_long")
    assert (await api.get("/workflows", headers={"X-Long": "x" * 8_000})).status_code == 200


@pytest.mark.parametrize("path", ["/workflows", "/workflows/greeting/executions"])
async def test_a_fault_of_ours_tells_its_id_and_nothing_else(
    api: Client, logs: list[EventDict], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret reason")

    await api.publish(GREETING)
    monkeypatch.setattr(WorkflowService, "list", fail)
    monkeypatch.setattr("weftline.features.executions.starter.Starter.start", fail)
    answer = await (api.get(path) if path == "/workflows" else api.post(path, {"input": {"name": "Ada"}}))
    document = problem(answer, 500, "internal_error")
    assert "secret" not in answer.text and "Traceback" not in answer.text
    (line,) = [each for each in logs if each["log_level"] == "error"]
    assert line["request_id"] == document["correlationId"]
    assert line["exc_info"]


async def test_without_a_database_every_call_asks_to_try_again(logs: list[EventDict]) -> None:
    app = Application(api_options("postgresql://nobody@127.0.0.1:9/nothing"))
    transport = httpx.ASGITransport(app.acting_as(almighty(DEFAULT_TENANT, "console", "tests")))
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        api = Client(http)
        for answer in (
            await api.get("/workflows"),
            await api.post("/workflows/greeting/executions", {"input": {}}),
            await api.post("/events", {"name": "paid"}),
            await api.post("/auth/login", {"email": EMAIL, "password": PASSWORD}),
        ):
            problem(answer, 503, "database_unavailable")
            assert answer.headers["retry-after"] == "1"
        ready = await http.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["components"]["database"] == {"status": "unavailable"}
        assert (await http.get("/health/live")).status_code == 200
