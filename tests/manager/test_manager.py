"""Workflows in a program of one's own, by the manager."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Connect
from tests.e2e.weft import environment
from tests.engine.harness import Harness, harness
from tests.manager.conftest import settings
from tests.manager.workflows import HANG, Everywhere, Private, SignUp, Stuck
from weftline.authoring import Context, Workflow, step
from weftline.manager import NotStarted, Refused, TenantNotAllowed, WorkflowContext, WorkflowManager
from weftline.model.ids import uuid7
from weftline.model.status import ExecutionStatus

ADA = {"email": "ada@example.com"}


@pytest.fixture
async def acme(connect: Connect) -> str:
    """A second tenant."""
    operator = await connect("weft_operator")
    await operator.execute("INSERT INTO tenants (id, slug, name) VALUES ($1, 'acme', 'Acme')", uuid7())
    return "acme"


async def test_a_workflow_is_registered_executed_and_counted(manager: WorkflowManager):
    assert await manager.register(SignUp) == {"default": 1}
    assert await manager.register(SignUp) == {"default": 1}, "what did not change is not published again"
    result = await manager.execute("sign-up", WorkflowContext(ADA, user_id="u-1"))
    assert result.success and result.status == "completed" and result.errors == ()
    assert result.data == result.output == {"user": "ada@example.com", "by": "u-1"}
    assert (result.message, result.status_code, result.metadata) == ("Welcome.", 201, {"plan": "free"})
    assert (result.tenant_id, result.workflow_id) == ("default", "sign-up")
    assert result.execution_time is not None and result.execution_id is not None
    execution = await manager.status(result.execution_id)
    assert execution.status is ExecutionStatus.COMPLETED and execution.version_number == 1
    assert await manager.result(result.execution_id) == result
    assert [each.id for each in await manager.executions(workflow=SignUp)] == [result.execution_id]
    assert await manager.executions(status=ExecutionStatus.FAILED) == []
    for statistics in (await manager.statistics(), await manager.statistics(workflow="sign-up")):
        assert (statistics.total, statistics.successful, statistics.failed, statistics.running) == (1, 1, 0, 0)
        assert statistics.success_rate == 1.0


async def test_a_changed_class_is_another_version(manager: WorkflowManager):
    def greeting(label: str) -> type[Workflow]:
        class Greeting(Workflow):
            id = "greeting"
            version = label

            @step
            async def greet(self, ctx: Context) -> str:
                return label

        return Greeting

    assert await manager.register(greeting("1")) == {"default": 1}
    assert await manager.register(greeting("2")) == {"default": 2}


async def test_what_fails_is_a_result_that_says_why(manager: WorkflowManager):
    await manager.register(SignUp)
    taken = await manager.execute(SignUp, {"email": "taken@example.com"})
    assert not taken.success and (taken.http_status, taken.step_id) == (409, "check")
    assert [error.code for error in taken.errors] == ["taken"]
    unfit = await manager.execute(SignUp, {"email": "x"})
    assert not unfit.success and unfit.http_status == 422 and unfit.execution_id is None
    assert [(error.code, error.details["pointer"]) for error in unfit.errors] == [("invalid_input", "/input/email")]
    await manager.register(Stuck)
    late = await manager.execute(Stuck)
    assert [error.code for error in late.errors] == ["timed_out"] and (late.http_status, late.step_id) == (504, "wait")
    with pytest.raises(Refused) as refused:
        await manager.execute("unheard-of", {})
    assert (refused.value.status, refused.value.code) == (404, "workflow_not_found")


async def test_one_that_takes_longer_goes_on(manager: WorkflowManager):
    await manager.register(SignUp)
    started = await manager.execute(SignUp, {"email": "slow@example.com"}, wait=0.01)
    assert not started.success and started.http_status == 202
    assert [error.code for error in started.errors] == ["still_running"]
    assert started.execution_id is not None
    assert not (await manager.status(started.execution_id)).status.is_terminal
    again = await manager.execute(SignUp, ADA, idempotency_key="once")
    assert (await manager.execute(SignUp, ADA, idempotency_key="once")).execution_id == again.execution_id


async def test_a_workflow_of_one_tenant_refuses_the_others(manager: WorkflowManager, acme: str):
    assert await manager.register(Private) == {"acme": 1}
    assert (await manager.execute(Private, tenant=acme)).output == {"tenant": "acme"}
    with pytest.raises(TenantNotAllowed, match="workflow 'private' is not for tenant 'default'; it is for acme"):
        await manager.execute("private")
    with pytest.raises(TenantNotAllowed):
        await manager.register(Private, tenants=["default"])
    with pytest.raises(TenantNotAllowed, match="not for several tenants"):
        await manager.execute_across("private")
    with pytest.raises(Refused) as refused:
        await manager.execute(SignUp, ADA, tenant="nobody")
    assert refused.value.status == 404


async def test_a_workflow_of_several_tenants_runs_once_in_each(manager: WorkflowManager, acme: str):
    assert await manager.register(Everywhere) == {"acme": 1, "default": 1}
    results = await manager.execute_across(Everywhere)
    assert {tenant: result.data for tenant, result in results.items()} == {
        "acme": {"tenant": "acme"},
        "default": {"tenant": "default"},
    }
    assert len(await manager.executions()) == len(await manager.executions("acme")) == 1
    with pytest.raises(TenantNotAllowed, match="not for tenant 'other'"):
        await manager.execute_across(Everywhere, tenants=["acme", "other"])


async def test_fifty_at_once_come_to_fifty_results(manager: WorkflowManager):
    await manager.register(SignUp)
    inputs = [{"email": f"{number}@example.com"} for number in range(50)]
    results = await asyncio.gather(*(manager.execute(SignUp, each) for each in inputs))
    assert [result.data["user"] for result in results if result.data] == [each["email"] for each in inputs]


async def test_a_worker_that_is_killed_between_two_steps_leaves_the_rest_to_another(database: str, tmp_path: Path):
    own = settings(tmp_path)
    env = environment(database_url=database, **own) | {HANG: "1"}
    command = [sys.executable, "-m", "weftline.cli.main", "worker", "--actions", "tests.manager.workflows"]
    apart = WorkflowManager(database_url=database, worker=False, **own)
    async with harness(database) as engine, apart as m:
        await m.register(SignUp)
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            started = await m.execute(SignUp, ADA, wait=0.01)
            assert started.http_status == 202
            await engine.until(lambda: _has_reached(engine, started.execution_id, "STEP_STARTED create"))
            os.kill(process.pid, signal.SIGKILL)
        async with WorkflowManager(database_url=database, **own):
            result = await m.result(started.execution_id or "", wait=30)
        assert result.success and result.data is not None and result.data["user"] == "ada@example.com"
        types = await engine.types(result.execution_id or uuid7())
        assert types.count("STEP_COMPLETED check") == types.count("STEP_COMPLETED create") == 1


async def _has_reached(engine: Harness, execution: Any, event: str) -> bool:
    return event in await engine.types(execution)


async def test_a_manager_is_used_within_its_block_and_knows_its_place():
    with pytest.raises(NotStarted):
        await WorkflowManager().execute("sign-up")
    with pytest.raises(ValueError, match="go together"):
        WorkflowManager(url="http://localhost")
    with pytest.raises(ValueError, match="no database"):
        WorkflowManager(url="http://localhost", api_key="k", home="x")
