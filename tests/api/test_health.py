"""Health."""

from __future__ import annotations

import httpx

from tests.api.client import Client, running
from tests.api.conftest import api_options
from weftline import migrations
from weftline.api.app import Application
from weftline.engine.worker import Worker


async def test_the_api_is_ready_without_a_worker(api: Client) -> None:
    answer = await api.http.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "components": {
            "database": {"status": "ok"},
            "migrations": {"status": "ok", "current": migrations.head()},
            "worker": {"status": "none", "count": 0},
        },
    }


async def test_a_worker_with_a_lease_is_counted(api: Client, worker: Worker) -> None:
    components = (await api.http.get("/health/ready")).json()["components"]
    assert components["worker"] == {"status": "ok", "count": 1}


async def test_a_process_that_answers_is_alive(api: Client) -> None:
    answer = await api.http.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "components": {}})


async def test_a_database_that_was_never_migrated_is_not_ready(empty_database: str) -> None:
    app = Application(api_options(empty_database))
    transport = httpx.ASGITransport(app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["components"]["migrations"]["status"] == "out_of_date"
