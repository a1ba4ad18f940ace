"""What the API answers, as far as commands look into it. What they print as JSON is the answer itself."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Tenant(TypedDict):
    """A tenant."""

    id: str
    slug: str
    name: str


class TenantDetail(Tenant):
    """A tenant, as those see it who run it."""

    status: str
    domain: str | None


class Member(TypedDict):
    """A member of a tenant."""

    id: str
    email: str
    name: str | None
    status: str
    roles: list[str]
    createdAt: str


class Role(TypedDict):
    """What a member may be."""

    id: str
    name: str
    builtIn: bool
    permissions: list[str]
    inherits: list[str]


class ApiKey(TypedDict):
    """An API key, without what it is."""

    id: str
    name: str
    hint: str
    scopes: list[str] | None
    createdAt: str
    expiresAt: str | None
    lastUsedAt: str | None


class NewApiKey(ApiKey):
    """An API key that was just made."""

    key: str


class Me(TypedDict):
    """Who asks."""

    email: str | None
    name: str
    tenant: Tenant | None
    roles: list[str]


class Workflow(TypedDict):
    """A workflow with one of its versions."""

    id: str
    versionNumber: int


class Execution(TypedDict):
    """An execution in a list."""

    id: str
    workflowId: str
    versionNumber: int
    status: str
    error: dict[str, Any] | None
    currentSteps: list[str]
    startedAt: str | None
    completedAt: str | None
    executionTimeMs: int | None
    createdAt: str
    tags: list[str]


class ExecutionDetail(Execution):
    """An execution."""

    input: dict[str, Any]
    output: Any


class Step(TypedDict):
    """One run of one node."""

    stepId: str
    stepType: str
    stepStatus: str
    visit: int
    output: Any
    error: dict[str, Any] | None
    attempt: int
    startedAt: str | None


class Event(TypedDict):
    """One fact of an execution's log."""

    seq: int
    type: str
    stepId: str | None
    occurredAt: str
    data: dict[str, Any] | None
    scope: NotRequired[str]
    visit: NotRequired[int]


class Task(TypedDict):
    """A human task."""

    id: str
    name: str
    workflowId: str
    status: str
    claimedBy: str | None
    assignTo: list[str]
    outcomes: list[str] | None
    dueAt: str | None
