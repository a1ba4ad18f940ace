"""Trying the actions and webhooks of an integration, without an engine around them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import structlog

from weftline.authoring.action import ActionDefinition, registry
from weftline.authoring.builtin.http import HttpSettings
from weftline.authoring.context import Context, Tenant
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import (
    Integration,
    Item,
    OpenedConnection,
    Reply,
    WebhookCall,
    completed,
    integrations,
)
from weftline.authoring.surroundings import Surroundings
from weftline.model.ids import DEFAULT_TENANT, uuid7


@asynccontextmanager
async def connected(
    integration: Integration,
    *,
    auth: str = "NONE",
    config: Mapping[str, Any] | None = None,
    credentials: Mapping[str, Any] | None = None,
    settings: HttpSettings | None = None,
    timeout: float = 10.0,
) -> AsyncGenerator[OpenedConnection]:
    """A connection that is closed with the context.

    Args:
        integration: to which.
        auth: type of the way in which it signs in.
        config, credentials: as its owner would enter them.
        settings: what may be reached; everything where absent, as servers of tests are on this machine.
        timeout: seconds that one exchange may take.
    """
    connection = OpenedConnection(
        id=uuid7(),
        name="test",
        integration=integration.name,
        auth=integration.auth_of(auth),
        config=completed(integration.config, config or {}),
        credentials=credentials or {},
        base_url=integration.base_url,
        settings=settings or HttpSettings(allow_private_addresses=True),
        timeout=timeout,
    )
    try:
        yield connection
    finally:
        await connection.resources.close()


async def call(action: str | ActionDefinition, connection: OpenedConnection | None, **input: Any) -> Any:
    """Run one attempt of an integration's action, with its input and output checked.

    Args:
        action: its whole name, like ``slack.sendMessage``; or the action, where it is not registered.
        connection: what the step names; None: nothing.
        input: the step's.

    Returns:
        The action's output.

    Raises:
        ActionError: the attempt failed.
    """
    context = Context(
        _Host(connection),
        input=input,
        attempt=1,
        idempotency_key="execution/step",
        tenant=Tenant(DEFAULT_TENANT, "default"),
        execution_id=uuid7(),
        workflow_id="workflow",
        step_id="step",
        logger=lambda ctx: structlog.get_logger(step=ctx.step_id),
    )
    definition = registry.get(action) if isinstance(action, str) else action
    definition.refuse_misfit(context.input)
    return await definition.function(context)


async def deliver(
    trigger: str, connection: OpenedConnection, call: WebhookCall, *, config: Mapping[str, Any] | None = None
) -> Sequence[Item] | Reply:
    """Have an integration's trigger of type WEBHOOK take a call, as its address would.

    Args:
        trigger: its whole name, like ``github.event``.
        connection: whose credentials verify the call.
        call: what came; names of headers in lower case.
        config: what the definition sets.

    Returns:
        What the call tells, or the answer to a handshake.

    Raises:
        ActionError: the call is refused: code ``bad_signature``, ``stale_call`` or ``invalid_call``.
        LookupError: there is no such trigger.
    """
    name, _, own = trigger.partition(".")
    integration = integrations.get(name)
    if integration is None or own not in integration.triggers:
        raise LookupError(f"there is no trigger '{trigger}'")
    offer = integration.triggers[own]
    return await offer.take(connection, completed(offer.config, config or {}), call, time.time())


class _Host:
    """See :class:`weftline.authoring.context.StepHost`."""

    def __init__(self, connection: OpenedConnection | None) -> None:
        self._connection = connection
        self.surroundings = Surroundings({}, None)
        self.cause = None
        self.connection = None if connection is None else connection.name
        self.is_encrypted = False

    def snapshot_data(self) -> dict[str, Any]:
        return {}

    def snapshot_input(self) -> dict[str, Any]:
        return {}

    def heartbeat(self) -> None:
        pass

    async def tenant_configuration(self) -> dict[str, Any]:
        return {}

    async def secret(self, name: str) -> NoReturn:
        raise ActionError(f"there is no secret '{name}'", code="unknown_secret", retryable=False)

    async def join_transaction(self) -> NoReturn:
        raise RuntimeError("there is no database here")

    @asynccontextmanager
    async def connected(self, integration: str | None, is_needed: bool) -> AsyncGenerator[OpenedConnection]:
        if self._connection is not None:
            yield self._connection
        elif is_needed or integration is None:
            raise ActionError(
                f"the step names no connection to '{integration}'", code="unknown_connection", retryable=False
            )
        else:
            known = integrations.get(integration)
            assert known is not None
            async with connected(known) as connection:
                yield connection
