"""The application: registering is one request, and one execution of the workflow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from argon2 import PasswordHasher
from fastapi import FastAPI, Request

from examples.user_registration.mail import PrintedMail
from examples.user_registration.workflow import UserRegistration
from weftline.authoring import Result
from weftline.manager import WorkflowFailed, WorkflowManager, run_workflow, use_workflows

# Steps work under the role weft_worker, and see the rows of their own tenant alone.
TABLE = """
CREATE TABLE IF NOT EXISTS app_users (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    email         text NOT NULL,
    first_name    text NOT NULL,
    last_name     text NOT NULL,
    password_hash text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
);
ALTER TABLE app_users ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON app_users;
CREATE POLICY own_tenant ON app_users USING (tenant_id = current_setting('app.current_tenant', true)::uuid);
GRANT SELECT, INSERT, DELETE ON app_users TO weft_worker;
"""

manager = WorkflowManager()
hasher = PasswordHasher()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the application's own table, in the platform's database."""
    connection = await asyncpg.connect(manager.database_url)
    try:
        await connection.execute(TABLE)
    finally:
        await connection.close()
    yield


async def without_password(body: dict[str, Any]) -> dict[str, Any]:
    """The workflow's input. An execution is kept, so the password itself must not be part of it."""
    password = body.pop("password", None)
    if not isinstance(password, str) or len(password) < 12:
        message = "A password has at least 12 characters."
        details = {"pointer": "/password"}
        raise WorkflowFailed(Result.failure(code="weak_password", message=message, details=details, status_code=422))
    return {**body, "passwordHash": await asyncio.to_thread(hasher.hash, password)}


app = FastAPI(title="User registration", lifespan=lifespan)
use_workflows(app, manager, UserRegistration(PrintedMail()))

Registered = Annotated[Result, run_workflow("user-registration", timeout=30, input=without_password)]


@app.post("/api/v1/auth/register")
async def register(result: Registered) -> dict[str, Any]:
    """Register. Answers 201 once the workflow has ended, a problem document where it failed, 202 where it goes on."""
    return {"success": result.success, "message": result.message, "data": result.data}


@app.get("/api/v1/executions/{execution_id}")
async def execution(execution_id: str, request: Request) -> dict[str, Any]:
    """What a registration that was answered with 202 has come to."""
    return (await request.app.state.workflow_manager.result(execution_id)).to_json()


@app.get("/api/v1/statistics")
async def statistics() -> dict[str, Any]:
    """How registrations do."""
    found = await manager.statistics(workflow=UserRegistration)
    return {"total": found.total, "successful": found.successful, "failed": found.failed, "rate": found.success_rate}
