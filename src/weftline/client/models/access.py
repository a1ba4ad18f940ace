"""Who may do what: roles, grants, policies, and whom they are for."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from weftline.client.models.base import Model


class Permission(Model):
    """Something that can be allowed.

    Attributes:
        name: as ``execution:read``.
        roles: built-in roles that have it.
    """

    name: str
    description: str
    roles: list[str] = Field(default_factory=list[str])


class Role(Model):
    """A set of permissions.

    Attributes:
        built_in: it is there in every tenant, and cannot be changed.
        inherits: roles whose permissions it has too.
        requires_mfa: it counts only for who has signed in with a second factor.
    """

    id: str
    name: str
    description: str | None = None
    built_in: bool = False
    permissions: list[str] = Field(default_factory=list[str])
    inherits: list[str] = Field(default_factory=list[str])
    requires_mfa: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Grant(Model):
    """Permissions that are given apart from roles.

    Attributes:
        subject_type: ``user``, ``group``, ``role`` or ``service_account``.
        subject_id: to which of them.
        workflow_id: only for this workflow; None for all.
    """

    id: str
    subject_type: str
    subject_id: str
    permissions: list[str]
    workflow_id: str | None = None
    created_by: str | None = None
    created_at: datetime


class Group(Model):
    """Members who are addressed together.

    Attributes:
        roles: what all of them have.
    """

    id: str
    name: str
    description: str | None = None
    roles: list[str] = Field(default_factory=list[str])
    created_at: datetime
    updated_at: datetime


class ServiceAccount(Model):
    """Somebody who is a program.

    Attributes:
        status: ``active`` or ``disabled``.
    """

    id: str
    name: str
    description: str | None = None
    roles: list[str] = Field(default_factory=list[str])
    status: str
    created_at: datetime
    updated_at: datetime


class Policy(Model):
    """A rule that permits or forbids by who asks, for what, and when.

    Attributes:
        source: in Cedar.
        last_error, failed_at: the last time that it could not be worked out.
    """

    id: str
    name: str
    description: str | None = None
    source: str
    is_enabled: bool
    last_error: str | None = None
    failed_at: datetime | None = None
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime


class PolicyProblem(Model):
    """One thing that is wrong with a policy.

    Attributes:
        line, column: where, from 1.
    """

    message: str
    code: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None


class PolicyValidation(Model):
    """Whether a policy can be enforced.

    Attributes:
        problems: everything that is wrong.
    """

    valid: bool
    problems: list[PolicyProblem] = Field(default_factory=list[PolicyProblem])


class FieldRule(Model):
    """A field of workflows' data that not everybody sees.

    Attributes:
        workflow_id: of whose data; None for every workflow's.
        field: a dotted path.
        effect: ``hide`` or ``mask``.
        visible_to: roles that see it.
    """

    id: str
    workflow_id: str | None = None
    field: str
    effect: str
    visible_to: list[str] = Field(default_factory=list[str])
    created_by: str | None = None
    created_at: datetime


class WorkflowPermissions(Model):
    """Who may start and see a workflow's executions besides those who may with any.

    Attributes:
        user_ids, role_ids: these.
    """

    user_ids: list[str] = Field(default_factory=list[str])
    role_ids: list[str] = Field(default_factory=list[str])


class Subject(Model):
    """Whom a decision is about."""

    id: str | None = None
    name: str
    roles: list[str] = Field(default_factory=list[str])
    groups: list[str] = Field(default_factory=list[str])


class Reason(Model):
    """Why somebody may do something, or may not.

    Attributes:
        kind: ``role``, ``grant``, ``policy`` or ``error``.
        effect: ``permit`` or ``forbid``.
        id, name: of which role, grant or policy.
        plugin: id of the plugin whose policy it is; None where it is the tenant's own.
    """

    kind: str
    effect: str
    id: str | None = None
    name: str | None = None
    plugin: str | None = None
    message: str | None = None


class Decision(Model):
    """Whether somebody may do something.

    Attributes:
        subject: who.
        reasons: everything that had a say.
    """

    allowed: bool
    subject: Subject
    reasons: list[Reason] = Field(default_factory=list[Reason])
