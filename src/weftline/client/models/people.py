"""Tenants, the people and programs in them, and what people do: tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class TenantRef(Model):
    """A tenant, in short."""

    id: str
    slug: str
    name: str


class Tenant(TenantRef):
    """A tenant.

    Attributes:
        status: ``active``, ``suspended`` or ``archived``.
        domain: a host name that is its own.
    """

    domain: str | None = None
    status: str
    created_at: datetime
    updated_at: datetime


class Me(Model):
    """Who asks.

    Attributes:
        id: None at the console.
        tenant: where; None for operators outside of tenants.
        roles, permissions: what they may do there.
        methods: how they signed in.
    """

    id: str | None = None
    email: str | None = None
    name: str
    tenant: TenantRef | None = None
    roles: list[str] = Field(default_factory=list[str])
    permissions: list[str] = Field(default_factory=list[str])
    methods: list[str] = Field(default_factory=list[str])
    is_platform_operator: bool = False


class TenantConfiguration(TenantRef):
    """How a tenant is set up.

    Attributes:
        own: what it says itself.
        effective: with what the platform says for all.
    """

    domain: str | None = None
    own: dict[str, Any]
    effective: dict[str, Any]


class User(Model):
    """A member of the tenant.

    Attributes:
        status: ``active``, ``invited`` or ``disabled``.
        attributes: what policies may ask about.
    """

    id: str
    email: str
    name: str | None = None
    status: str
    roles: list[str] = Field(default_factory=list[str])
    department: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict[str, Any])
    created_at: datetime
    updated_at: datetime


class ApiKey(Model):
    """An API key, without what it is.

    Attributes:
        hint: its end, to tell it from others.
        scopes: the permissions that it has at most; None for all of its owner's.
    """

    id: str
    name: str
    hint: str
    user_id: str | None = None
    service_account_id: str | None = None
    scopes: list[str] | None = None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class NewApiKey(ApiKey):
    """An API key that was just made.

    Attributes:
        key: what to send; it is shown only this once.
    """

    key: str = Field(repr=False)


class Task(Model):
    """Something that a person has to do.

    Attributes:
        execution_id, workflow_id, step_id: what waits for it.
        form: what to fill in: a name, or a JSON Schema.
        assign_to: who may do it: users, roles and groups.
        outcomes: one of these is decided on; None where there is nothing to decide.
        status: ``open``, ``claimed``, ``completed`` or ``cancelled``.
        data, outcome: what was filled in and decided.
    """

    id: str
    execution_id: str
    workflow_id: str
    step_id: str
    name: str
    form: Any = None
    assign_to: list[str] = Field(default_factory=list[str])
    outcomes: list[str] | None = None
    approvals_required: int = 1
    approvals_given: int = 0
    approving_outcomes: list[str] = Field(default_factory=list[str])
    four_eyes: bool = False
    status: str
    claimed_by: str | None = None
    data: dict[str, Any] | None = None
    outcome: str | None = None
    created_at: datetime
    due_at: datetime | None = None
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    claimed_at: datetime | None = None
    completed_at: datetime | None = None
    completed_by: str | None = None


class TaskLink(Model):
    """A mail by which somebody completes a task without signing in.

    Attributes:
        outcome: what it decides; None where they choose.
    """

    id: str
    task_id: str
    user_id: str
    email: str
    outcome: str | None = None
    created_at: datetime
    expires_at: datetime


class Vote(Model):
    """What one of several decided on a task."""

    voter_id: str
    voter: str
    outcome: str | None = None
    is_approving: bool
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    comment: str | None = None
    voted_at: datetime


class Delegation(Model):
    """A task that one member passed to another.

    Attributes:
        from_id, from_name: who had it.
        to_id, to_name: who has it since.
    """

    id: str
    from_id: str | None = None
    from_name: str
    to_id: str
    to_name: str
    reason: str | None = None
    created_at: datetime


class Comment(Model):
    """Something that was said about a task."""

    id: str
    author_id: str | None = None
    author: str
    text: str
    created_at: datetime
