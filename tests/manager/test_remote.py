"""The manager at a server, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.site import EMAIL, PASSWORD, Site
from tests.e2e.weft import environment, running
from tests.manager.workflows import Everywhere, SignUp
from weftline.manager import ManagerError, Refused, Unreachable, WorkflowContext, WorkflowManager


async def test_a_program_has_workflows_executed_by_a_server(database: str, tmp_path: Path):
    account = {"admin_email": EMAIL, "admin_password": PASSWORD}
    env = environment(database_url=database, home=tmp_path, actions="tests.manager.workflows", **account)
    with running("up", "--port", "0", env=env) as process:
        site = Site(process)
        service = site.call("/service-accounts", {"name": "shop", "roles": ["admin"]})
        key = site.call("/api-keys", {"name": "shop", "serviceAccountId": service["id"]})["key"]
        server = site.api.removesuffix("/api/v1")
        async with WorkflowManager(url=server, api_key=key) as manager:
            assert await manager.register(SignUp) == {"default": 1}
            asked = WorkflowContext({"email": "ada@example.com"}, user_id="customer-7")
            result = await manager.execute(SignUp, asked)
            assert result.success, result.errors
            assert (result.http_status, result.data) == (201, {"user": "ada@example.com", "by": "customer-7"})
            assert (await manager.statistics(workflow=SignUp)).successful == 1
            with pytest.raises(ManagerError, match="the server's"):
                _ = manager.database_url
            # it belongs to one tenant of the two; there is no other way into the second
            with pytest.raises(Refused):
                await manager.register(Everywhere)
        async with WorkflowManager(url=server, api_key="wk_nobody") as manager:
            with pytest.raises(Refused) as refused:
                await manager.execute(SignUp, {"email": "ada@example.com"})
            assert refused.value.status == 401
    async with WorkflowManager(url=server, api_key=key) as manager:
        with pytest.raises(Unreachable):
            await manager.executions()
