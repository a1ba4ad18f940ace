"""Workflows within web requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Request

from tests.api.client import running
from tests.conftest import Connect
from tests.manager.conftest import settings
from tests.manager.workflows import Crashing, Private, SignUp
from weftline.authoring import Result
from weftline.manager import User, WorkflowManager, WorkflowMiddleware, run_workflow, use_workflows
from weftline.model.ids import DEFAULT_TENANT

ADA = {"email": "ada@example.com"}


async def who(request: Any) -> User:
    """The user that the application has found out."""
    return User(request.headers.get("x-user"))


def whose(request: Any) -> str | None:
    """The tenant that the application has found out."""
    return request.headers.get("x-tenant")


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    return document


def application(manager: WorkflowManager) -> FastAPI:
    """An application that runs workflows in each of the ways there are."""
    app = FastAPI()
    use_workflows(app, manager, SignUp, Crashing)
    app.add_middleware(WorkflowMiddleware, workflow="sign-up", path="/middleware/*", user=who)

    @app.post("/dependency")
    async def by_dependency(result: Annotated[Result, run_workflow("sign-up", user=who)]) -> Any:
        return result.data

    @app.post("/patient")
    async def patient(result: Annotated[Result, run_workflow(SignUp, pass_failures=True)]) -> Any:
        return {"failed": not result.success}

    @app.post("/hasty")
    async def hasty(result: Annotated[Result, run_workflow("sign-up", timeout=0.01)]) -> Any:
        return result.data

    @app.post("/crash")
    async def crash(result: Annotated[Result, run_workflow(Crashing)]) -> Any:
        return result.data

    @app.post("/private")
    async def private(result: Annotated[Result, run_workflow(Private, tenant=whose)]) -> Any:
        return result.data

    @app.post("/middleware/sign-up")
    async def by_middleware(request: Request) -> Any:
        # the body is still there for the application
        return {"asked": await request.json(), **request.state.workflow_result.data}

    return app


@asynccontextmanager
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who calls an application."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.example") as client:
        yield client


@pytest.fixture
async def client(database: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = application(WorkflowManager(database_url=database, **settings(tmp_path)))
    async with running(app), visitor(app) as made:
        yield made


async def test_a_request_is_answered_with_what_its_workflow_came_to(client: httpx.AsyncClient):
    answer = await client.post("/dependency", json=ADA, headers={"X-User": "u-1"})
    assert (answer.status_code, answer.json()) == (201, {"user": "ada@example.com", "by": "u-1"})
    answer = await client.post("/middleware/sign-up", json=ADA, headers={"X-User": "u-2"})
    assert answer.json() == {"asked": ADA, "user": "ada@example.com", "by": "u-2"}
    keyed = {"Idempotency-Key": "once"}
    answers = [await client.post("/dependency", json=ADA, headers=keyed) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]


async def test_fifty_requests_at_once_are_answered_each_with_its_own_result(client: httpx.AsyncClient):
    emails = [f"{number}@example.com" for number in range(50)]
    answers = await asyncio.gather(*(client.post("/dependency", json={"email": email}) for email in emails))
    assert [answer.json()["user"] for answer in answers] == emails


@pytest.mark.parametrize("path", ["/dependency", "/middleware/sign-up"])
async def test_what_went_wrong_is_a_problem_document(client: httpx.AsyncClient, path: str):
    taken = problem(await client.post(path, json={"email": "taken@example.com"}), 409, "taken")
    assert taken["detail"] == "The address is taken." and taken["errors"][0]["pointer"] == "/email"
    unfit = problem(await client.post(path, json={"email": "x"}), 422, "invalid_input")
    assert [error["pointer"] for error in unfit["errors"]] == ["/input/email"]
    problem(await client.post(path, content=b"{"), 400, "malformed")
    problem(await client.post(path, json=[1]), 422, "invalid_input")
    problem(await client.post(path, content=b" " * 2**21), 413, "too_large")
    assert (await client.post("/patient", json={"email": "taken@example.com"})).json() == {"failed": True}


async def test_what_an_unforeseen_exception_says_stays_inside(client: httpx.AsyncClient):
    answer = await client.post("/crash", json={})
    problem(answer, 500, "action_failed")
    assert "hunter2" not in answer.text


async def test_a_request_that_takes_too_long_is_accepted_and_goes_on(client: httpx.AsyncClient):
    answer = await client.post("/hasty", json={"email": "slow@example.com"})
    accepted = answer.json()
    assert answer.status_code == 202
    assert (accepted["success"], accepted["errors"][0]["code"]) == (False, "still_running")
    assert accepted["executionId"]


async def test_the_tenant_is_the_one_that_the_application_tells_and_others_are_refused(client: httpx.AsyncClient):
    for headers in ({}, {"X-Tenant": "other"}):
        refused = problem(await client.post("/private", json={}, headers=headers), 403, "tenant_not_allowed")
        assert "it is for acme" in refused["detail"]


async def test_credentials_are_not_kept_with_the_execution(database: str, tmp_path: Path, connect: Connect):
    app = application(WorkflowManager(database_url=database, **settings(tmp_path)))
    async with running(app), visitor(app) as client:
        secret = {"Authorization": "Bearer hunter2", "Cookie": "session=hunter2", "User-Agent": "test/1"}
        path = "/dependency?token=hunter2&plan=free"
        assert (await client.post(path, json=ADA, headers=secret)).status_code == 201
    tenant = await connect("weft_worker", DEFAULT_TENANT)
    kept = await tenant.fetchval("SELECT context FROM executions")
    request = json.loads(kept)["request"]
    assert (request["method"], request["path"], request["query"]) == ("POST", "/dependency", {"plan": "free"})
    assert request["headers"]["user-agent"] == "test/1"
    assert "hunter2" not in kept
