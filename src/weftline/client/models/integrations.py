"""Systems that workflows reach, and the connections through which they do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class IntegrationAction(Model):
    """Something that steps can do in another system.

    Attributes:
        id: what definitions call it, like ``slack.sendMessage``.
        integration_id: the integration's name.
        input_schema, output_schema: JSON Schemas; None in lists of many.
        method, endpoint: of the request that it sends, where it sends just one.
        compensate: the action that undoes it.
        example: of an input.
    """

    id: str
    integration_id: str
    name: str
    display_name: str
    description: str
    tags: list[str] = Field(default_factory=list[str])
    method: str | None = None
    endpoint: str | None = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    compensate: str | None = None
    example: dict[str, Any] | None = None


class IntegrationTrigger(Model):
    """Something in another system that can start workflows.

    Attributes:
        type: ``WEBHOOK``, ``POLLING`` or ``EVENT``.
        input_schema: JSON Schema of what can be set.
        output_schema: JSON Schema of what an execution gets.
    """

    id: str
    name: str
    display_name: str
    description: str
    type: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    example: Any = None


class Integration(Model):
    """A system that workflows can reach.

    Attributes:
        auth_type, auth_types: how one signs in, usually and at all.
        is_built_in: it comes with the platform; else the tenant has imported it.
        connection_count, connection_status: how many connections to it one may use, and how the worst of them stands.
    """

    id: str
    name: str
    display_name: str
    description: str
    category: str
    icon: str
    auth_type: str
    auth_types: list[str]
    needs_connection: bool = True
    is_built_in: bool = True
    action_count: int = 0
    trigger_count: int = 0
    connection_count: int = 0
    connection_status: str | None = None
    docs_url: str | None = None
    logo_url: str | None = None


class IntegrationDetail(Integration):
    """An integration with all that there is to know of it.

    Attributes:
        auth: how one signs in, with the JSON Schema of the credentials of each way.
        config_schema: JSON Schema of what a connection configures.
        actions: what steps can do; empty where the tenant has imported it.
    """

    auth: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    config_schema: dict[str, Any] = Field(default_factory=dict[str, Any])
    base_url: str | None = None
    actions: list[IntegrationAction] = Field(default_factory=list[IntegrationAction])
    triggers: list[IntegrationTrigger] = Field(default_factory=list[IntegrationTrigger])


class Breaker(Model):
    """A connection's circuit breaker.

    Attributes:
        state: ``CLOSED``, ``OPEN`` (steps wait until ``retry_at``) or ``HALF_OPEN``.
        failures: of the other system, in a row.
    """

    state: str
    failures: int
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    last_error: str | None = None


class LastUse(Model):
    """The last use of a connection; told by each worker once a minute at most.

    Attributes:
        workflow_id: for which workflow.
        execution_id: by which of its executions; None: by a trigger, which started none.
    """

    at: datetime
    workflow_id: str
    execution_id: str | None = None


class Connection(Model):
    """A way into another system. Nobody is shown its credentials.

    Attributes:
        user_id: whose own it is; None: the tenant's.
        integration_id: name of the integration that it leads to.
        status: ``READY``, ``UNTESTED``, ``UNAUTHORIZED`` (steps wait until it is renewed) or ``FAILING``.
        status_detail: as whom it got in, or why it did not.
        limits: ``timeoutSeconds``, ``ratePerMinute``, ``maxConcurrent``, ``breakerFailures``, ``breakerSeconds`` and
            ``retry``.
    """

    id: str
    tenant_id: str
    user_id: str | None = None
    integration_id: str
    name: str
    auth_type: str
    config: dict[str, Any] = Field(default_factory=dict[str, Any])
    scopes: list[str] = Field(default_factory=list[str])
    is_default: bool = False
    is_active: bool = True
    has_credentials: bool = False
    has_tokens: bool = False
    token_expires_at: datetime | None = None
    status: str
    status_detail: str | None = None
    tested_at: datetime | None = None
    last_use: LastUse | None = None
    breaker: Breaker
    limits: dict[str, Any] = Field(default_factory=dict[str, Any])
    created_by: str
    created_at: datetime
    updated_at: datetime


class Authorization(Model):
    """Where somebody allows access for a connection.

    Attributes:
        authorization_url: to open in a browser, until ``expires_at``.
    """

    authorization_url: str
    expires_at: datetime


class ImportedAction(Model):
    """An action, and what an import makes of it.

    Attributes:
        id: what definitions call it.
        change: ``ADDED``, ``KEPT``, or ``REMOVED`` where the document has it no longer.
    """

    id: str
    name: str
    display_name: str
    method: str
    endpoint: str
    tags: list[str] = Field(default_factory=list[str])
    is_deprecated: bool = False
    change: str


class LeftOut(Model):
    """Something of a document that its integration does not have, or has otherwise.

    Attributes:
        pointer: JSON pointer to it in the document.
    """

    pointer: str
    what: str
    why: str


class Import(Model):
    """What importing a document comes to.

    Attributes:
        base_url: where requests go; ``{name}`` is a value of a connection's configuration.
        config_schema: JSON Schema of that configuration.
        is_new: there was no integration of this name.
        dry_run: nothing was stored.
        warnings: what one should know, a sentence each.
        left_out: what of the document is left out; ``left_out_total`` counts what is not listed, too.
    """

    id: str
    name: str
    display_name: str
    description: str
    version: str
    format: str
    base_url: str
    source_url: str | None = None
    config_schema: dict[str, Any]
    needs_connection: bool
    is_new: bool
    dry_run: bool
    action_count: int
    actions: list[ImportedAction]
    warnings: list[str]
    left_out: list[LeftOut]
    left_out_total: int


class RemovedIntegration(Model):
    """An integration that is gone."""

    id: str
    name: str
