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


class Variable(TypedDict):
    """A value that expressions see."""

    key: str
    type: str
    value: Any
    isEncrypted: bool
    description: str | None
    updatedAt: str | None


class TenantKey(TypedDict):
    """A version of a tenant's data key."""

    tenantId: str
    version: int
    createdAt: str
    retiredAt: str | None


class RotatedKeys(TypedDict):
    """What was put under the newest keys."""

    resealed: dict[str, int]
    unreadable: int
    settlesIn: float
    nextCursor: str | None


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


class WorkflowSummary(TypedDict):
    """A workflow in a list."""

    id: str
    name: str
    status: str
    latestVersion: int
    publishedVersion: int | None
    updatedAt: str


class Version(TypedDict):
    """A version of a workflow."""

    versionNumber: int
    label: str | None
    status: str
    isActive: bool
    changeDescription: str | None
    rollbackOf: int | None
    publishedAt: str | None


class Problem(TypedDict):
    """One thing that is wrong, or to be remarked upon."""

    pointer: str
    message: str
    hint: str | None


class PublishedVersion(Version):
    """A version that was just published."""

    warnings: list[Problem]


class FieldChange(TypedDict):
    """A place that differs."""

    path: str
    change: str
    before: Any
    after: Any


class NodeChange(TypedDict):
    """A node that both versions have."""

    id: str
    fields: list[FieldChange]


class Renaming(TypedDict):
    """A node of which only the id differs."""

    before: str
    after: str


class NodesDiff(TypedDict):
    """What differs among the nodes."""

    added: list[str]
    removed: list[str]
    renamed: list[Renaming]
    changed: list[NodeChange]


Diff = TypedDict(
    "Diff",
    {
        "from": int,
        "to": int,
        "isEmpty": bool,
        "nodes": NodesDiff,
        "settings": list[FieldChange],
        "other": list[FieldChange],
    },
)
"""What differs between two versions."""


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


class StoredError(TypedDict):
    """Why something failed. Its message is left out for those who must not see the workflow's data."""

    code: str
    message: NotRequired[str]


class RejectedEvent(TypedDict):
    """An event of another system that could start nothing."""

    eventId: str
    at: str
    error: StoredError


class IntegrationState(TypedDict):
    """How a trigger of an integration stands."""

    kind: str
    state: str
    lastRunAt: str | None
    nextRunAt: str | None
    failures: int
    lastError: StoredError | None
    lastErrorAt: str | None
    held: StoredError | None
    received: int
    duplicates: int
    rejected: int
    hasCursor: bool
    rejectedEvents: list[RejectedEvent]


class WebhookSetting(TypedDict):
    """Something to set at another system."""

    label: str
    kind: str
    value: str | None


class WebhookSetup(TypedDict):
    """What to set at another system, so that it calls a trigger's address."""

    system: str
    place: str | None
    docsUrl: str | None
    settings: list[WebhookSetting]


class Trigger(TypedDict):
    """What starts executions of a workflow."""

    id: str
    workflowId: str
    key: str
    type: str
    name: str | None
    status: str
    versionNumber: int
    declaration: dict[str, Any]
    nextTimes: list[str]
    url: str | None
    setup: WebhookSetup | None
    fired: int
    failed: int
    skipped: int
    lastFiredAt: str | None
    lastExecutionId: str | None
    lastError: StoredError | None
    lastErrorAt: str | None
    integration: IntegrationState | None
    pausedReason: str | None


class Fired(TypedDict):
    """What a trigger has started."""

    executionId: str | None


class Backfilled(TypedDict):
    """What filling a span of the past comes to."""

    times: list[str]
    toStart: list[str]


class ConnectionBreaker(TypedDict):
    """A connection's circuit breaker."""

    state: str


class LastUse(TypedDict):
    """The last use of a connection."""

    at: str
    workflowId: str
    executionId: str | None


class Connection(TypedDict):
    """A way into another system."""

    id: str
    userId: str | None
    integrationId: str
    name: str
    authType: str
    isActive: bool
    hasTokens: bool
    status: str
    statusDetail: str | None
    testedAt: str | None
    breaker: ConnectionBreaker
    lastUse: LastUse | None


class Webhook(TypedDict):
    """An address that is told of events."""

    id: str
    name: str
    url: str
    kinds: list[str]
    workflows: list[str]
    includeData: bool
    dataRole: str | None
    status: str
    disabledReason: str | None
    disabledAt: str | None
    failures: int
    failingSince: str | None
    previousSecretUntil: str | None
    createdBy: str
    createdAt: str


class WebhookWithSecret(Webhook):
    """A webhook whose secret is new."""

    secret: str


class Delivery(TypedDict):
    """An event that a webhook is told."""

    id: str
    kind: str
    executionId: str | None
    status: str
    attempts: int
    dueAt: str | None
    lastStatus: int | None
    lastError: str | None


class DeliveryAttempt(TypedDict):
    """One try at a delivery."""

    startedAt: str
    durationMs: int
    status: int | None
    error: str | None


class DeliveryDetail(Delivery):
    """A delivery with what was sent, and its attempts."""

    body: dict[str, Any]
    attemptLog: list[DeliveryAttempt]


class Redelivered(TypedDict):
    """What is delivered again."""

    redelivered: int


class StepRef(TypedDict):
    """One activation of a node."""

    stepId: str
    stepKey: str


class Undo(StepRef):
    """Something that can be undone."""

    action: str | None
    childId: str | None


class Kept(StepRef):
    """Something that cannot be undone."""

    reason: str


class RollbackPlan(TypedDict):
    """What a rollback would do."""

    undone: list[Undo]
    cannotUndo: list[Kept]
    cancelled: list[StepRef]


class RetryPlan(TypedDict):
    """What a retry would do."""

    sideEffects: list[StepRef]
    cancelled: list[StepRef]


class Restarted(TypedDict):
    """An execution that repeats another one."""

    id: str


class InvalidStep(TypedDict):
    """One thing that is wrong with what people filled in."""

    stepId: str
    pointer: str
    message: str


class Validation(TypedDict):
    """Whether what people filled in is valid."""

    valid: bool | None
    errors: list[InvalidStep]


class MigrationProblem(TypedDict):
    """Why an execution cannot go on with another version."""

    stepId: str
    message: str


class MigrationCheck(TypedDict):
    """Whether an execution can go on with another version."""

    possible: bool
    problems: list[MigrationProblem]


class Hindrance(TypedDict):
    """Why one execution of many cannot go on with another version."""

    executionId: str
    problems: list[MigrationProblem]


class MigrationResult(TypedDict):
    """What comes of migrating many executions."""

    total: int
    possible: int
    refused: int
    problems: list[Hindrance]


class Figures(TypedDict):
    """How often something ended and how, and how long what completed took."""

    started: int | None
    completed: int
    failed: int
    timedOut: int
    cancelled: int
    successRate: float | None
    p50Ms: float | None
    p95Ms: float | None
    maxMs: float | None


class FiguresGroup(Figures):
    """Figures, and of what they are."""

    workflowId: str | None
    versionNumber: int | None
    stepId: str | None
    periodStart: str | None


Statistics = TypedDict(
    "Statistics",
    {"from": str, "to": str, "running": int, "total": Figures, "items": list[FiguresGroup], "hasMore": bool},
)
"""What happened in a period."""


class Plugin(TypedDict):
    """A plugin."""

    id: str
    name: str
    description: str
    version: str
    distribution: str
    capabilities: list[str]
    state: str
    reason: str | None
    isWanted: bool
    isEnabled: bool


class PluginDetail(Plugin):
    """A plugin with what the tenant has set for it."""

    configuration: dict[str, Any]
    secrets: list[str]
