"""A context to call an action with, without an engine around it."""

from __future__ import annotations

from typing import Any, NoReturn

import asyncpg
import structlog

from weftline.authoring import Context, Tenant
from weftline.authoring.surroundings import Surroundings
from weftline.model.cause import Cause
from weftline.model.ids import DEFAULT_TENANT, uuid7

IDEMPOTENCY_KEY = "execution/step"
CAUSE = Cause("order-4711", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


class _NoHost:
    def snapshot_data(self) -> dict[str, Any]:
        return {}

    def snapshot_input(self) -> dict[str, Any]:
        return {}

    def heartbeat(self) -> None:
        pass

    async def join_transaction(self) -> asyncpg.Connection:
        raise RuntimeError("no transaction here")

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings({}, None)

    @property
    def cause(self) -> Cause:
        return CAUSE

    @property
    def is_encrypted(self) -> bool:
        return False

    async def tenant_configuration(self) -> dict[str, Any]:
        return {}

    async def secret(self, name: str) -> str:
        raise RuntimeError("no secrets here")

    @property
    def connection(self) -> None:
        return None

    def connected(self, integration: str | None, is_needed: bool) -> NoReturn:
        raise RuntimeError("no connections here")


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
