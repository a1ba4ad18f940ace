"""A context to call an action with, without an engine around it."""

from __future__ import annotations

from typing import Any

import asyncpg
import structlog

from weftline.authoring import Context, Tenant
from weftline.model.ids import DEFAULT_TENANT, uuid7

IDEMPOTENCY_KEY = "execution/step"


class _NoHost:
    def snapshot_data(self) -> dict[str, Any]:
        return {}

    def snapshot_input(self) -> dict[str, Any]:
        return {}

    def heartbeat(self) -> None:
        pass

    async def join_transaction(self) -> asyncpg.Connection:
        raise RuntimeError("no transaction here")


def context(**input: Any) -> Context:
    """The first attempt of a step with this input."""
    return Context(
        _NoHost(),
        input=input,
        attempt=1,
        idempotency_key=IDEMPOTENCY_KEY,
        tenant=Tenant(DEFAULT_TENANT, "default"),
        execution_id=uuid7(),
        workflow_id="workflow",
        step_id="step",
        logger=lambda ctx: structlog.get_logger(step=ctx.step_id),
    )
