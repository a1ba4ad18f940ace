"""Workflows that the tests of the manager run. Worker processes load this module, too."""

from __future__ import annotations

import asyncio
import os
from typing import ClassVar

from weftline.authoring import Context, CrossTenantWorkflow, Result, TenantWorkflow, WorkflowError, step

HANG = "WEFTLINE_TEST_HANG"
"""Set in worker processes that never get past the second step."""


class SignUp(TenantWorkflow):
    """Signs somebody up."""

    id = "sign-up"
    input: ClassVar = {
        "type": "object",
        "properties": {"email": {"type": "string", "minLength": 3}},
        "required": ["email"],
    }
    output: ClassVar = {"user": "${user}", "by": "${by}"}

    @step
    async def check(self, ctx: Context) -> Result:
        """Looks at the address."""
        if ctx.data["email"] == "crash@example.com":
            raise RuntimeError("the password is hunter2")
        if ctx.data["email"] == "taken@example.com":
            error = WorkflowError("taken", "The address is taken.", {"pointer": "/email"}, retryable=False)
            return Result.failure(error, status_code=409)
        return Result.ok({"by": ctx.user_id})

    @step(after=check)
    async def create(self, ctx: Context) -> Result:
        """Makes the user."""
        if os.environ.get(HANG):
            await asyncio.Event().wait()
        if ctx.data["email"] == "slow@example.com":
            await asyncio.Event().wait()
        ctx.audit("user.created", "user", resource_id=ctx.data["email"])
        return Result.ok({"user": ctx.data["email"]}, message="Welcome.", status_code=201, metadata={"plan": "free"})


class Crashing(TenantWorkflow):
    """Fails in a way that nobody foresaw."""

    id = "crashing"
    retry = 1

    @step
    async def crash(self, ctx: Context) -> None:
        """Says more than it should."""
        raise RuntimeError("the password is hunter2")


class Stuck(TenantWorkflow):
    """Has too little time."""

    id = "stuck"

    @step(timeout=0.05, retry=1)
    async def wait(self, ctx: Context) -> None:
        """Never ends."""
        await asyncio.Event().wait()


class Private(TenantWorkflow):
    """For one tenant alone."""

    id = "private"
    allowed_tenants = ("acme",)

    @step
    async def look(self, ctx: Context) -> Result:
        """Tells whose it is."""
        return Result.ok({"tenant": ctx.tenant_slug})


class Everywhere(CrossTenantWorkflow):
    """For two tenants at once."""

    id = "everywhere"
    allowed_tenants = ("acme", "default")

    @step
    async def look(self, ctx: Context) -> Result:
        """Tells whose it is."""
        assert ctx.cross_tenant_access and not ctx.is_tenant_isolated
        return Result.ok({"tenant": ctx.tenant_slug})
