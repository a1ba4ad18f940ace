"""Workflows, their versions, and what starts them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class Workflow(Model):
    """A workflow; where one was asked for, with the definition of one of its versions.

    Attributes:
        id: its id, which its definition says.
        template_id: its UUID.
        status: ``DRAFT``, ``PUBLISHED``, ``DEPRECATED`` or ``ARCHIVED``.
        latest_version, published_version: numbers of its newest version, and of the one that executions run.
        version_number, definition: the version that is shown.
    """

    id: str
    template_id: str
    name: str
    description: str | None = None
    status: str
    is_active: bool
    latest_version: int
    published_version: int | None = None
    created_at: datetime
    updated_at: datetime
    version_number: int | None = None
    definition: dict[str, Any] | None = None


class Version(Model):
    """A version of a workflow.

    Attributes:
        version_number: its number.
        label: what its author calls it.
        is_active: executions run it.
        rollback_of: the version that it repeats.
        definition: shown where the version was asked for by number.
    """

    version_number: int
    template_id: str
    label: str | None = None
    status: str
    is_active: bool
    change_description: str | None = None
    is_rollback_version: bool = False
    rollback_of: int | None = None
    published_at: datetime | None = None
    created_at: datetime
    definition: dict[str, Any] | None = None


class DefinitionProblem(Model):
    """One thing that is wrong with a definition, or to be remarked upon.

    Attributes:
        pointer: JSON pointer to the place.
        message: what is wrong.
        code: stable, in snake_case.
        hint: how to mend it, where that can be said.
    """

    pointer: str
    message: str
    code: str
    hint: str | None = None


class PublishedVersion(Version):
    """A version that was just published.

    Attributes:
        warnings: what is to be remarked upon.
    """

    warnings: list[DefinitionProblem] = Field(default_factory=list[DefinitionProblem])


class Validation(Model):
    """Whether a definition is valid.

    Attributes:
        valid: it may be published.
        problems: everything that is wrong.
    """

    valid: bool
    problems: list[DefinitionProblem] = Field(default_factory=list[DefinitionProblem])


class DialectNote(Model):
    """What became of a construct that two dialects do not say alike.

    Attributes:
        pointer: JSON pointer to it in what was converted.
        construct_: what it is called there.
        fate: ``changed`` (it means the same), ``kept`` (as data that does nothing) or ``unsupported``.
        message: the same in words.
    """

    pointer: str
    construct_: str = Field(alias="construct")
    fate: str
    message: str


class Conversion(Model):
    """A document in another dialect.

    Attributes:
        source: the dialect that it was written in.
        target: the dialect of ``definition``.
        notes: all that is not the same.
        problems: what keeps it from being valid, where it was converted in part.
    """

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    definition: dict[str, Any]
    notes: list[DialectNote] = Field(default_factory=list[DialectNote])
    problems: list[DefinitionProblem] = Field(default_factory=list[DefinitionProblem])


class RejectedEvent(Model):
    """An event of another system that could start nothing.

    Attributes:
        event_id: the other system's id of it.
        at: when it came.
        error: why not.
    """

    event_id: str
    at: datetime
    error: dict[str, Any]


class IntegrationState(Model):
    """How a trigger of an integration stands.

    Attributes:
        kind: ``POLLING``, ``EVENT`` or ``WEBHOOK``.
        state: ``waiting``, ``working``, ``listening``, ``failing``, ``held`` or ``off``.
        last_run_at, next_run_at: the last look at the other system, and the next.
        failures: looks in a row that came to nothing.
        last_error, last_error_at: why, the last time.
        held: what somebody has to see to.
        received, duplicates, rejected: events that came, that had come before, and that could start nothing.
        has_cursor: it knows how far it has come.
        rejected_events: the last ten that could start nothing; of a single trigger only.
    """

    kind: str
    state: str
    last_run_at: datetime | None = None
    next_run_at: datetime | None = None
    failures: int = 0
    last_error: dict[str, Any] | None = None
    last_error_at: datetime | None = None
    held: dict[str, Any] | None = None
    received: int = 0
    duplicates: int = 0
    rejected: int = 0
    has_cursor: bool = False
    rejected_events: list[RejectedEvent] = Field(default_factory=list[RejectedEvent])


class WebhookSetting(Model):
    """Something to set at another system.

    Attributes:
        label: as the other system calls it.
        kind: ``ADDRESS``: the trigger's; ``CREDENTIAL``: the same text as in the connection; ``TEXT``.
        value: the text, or what the connection's form calls the credential.
    """

    label: str
    kind: str
    value: str | None = None


class WebhookSetup(Model):
    """What to set at another system, so that it calls a trigger's address.

    Attributes:
        system: the other system.
        place: the way there through its pages.
        docs_url: its documentation of that.
    """

    system: str
    place: str | None = None
    docs_url: str | None = None
    settings: list[WebhookSetting] = Field(default_factory=list[WebhookSetting])


class Trigger(Model):
    """What starts executions of a workflow by itself.

    Attributes:
        key: its name in the definition.
        type: ``manual``, ``schedule``, ``event``, ``webhook`` or ``integration``.
        status: ``active``, ``paused`` or ``disabled``.
        next_times: when a schedule is due next.
        url: where a webhook is called.
        setup: what to set at another system, so that it does.
        fired, failed, skipped: how often.
        integration: how a trigger of an integration stands; None for another.
    """

    id: str
    workflow_id: str
    key: str
    type: str
    name: str | None = None
    status: str
    version_number: int
    declaration: dict[str, Any]
    next_times: list[datetime] = Field(default_factory=list[datetime])
    # a webhook's address is its secret
    url: str | None = Field(default=None, repr=False)
    setup: WebhookSetup | None = None
    fired: int = 0
    failed: int = 0
    skipped: int = 0
    last_fired_at: datetime | None = None
    last_execution_id: str | None = None
    last_error: dict[str, Any] | None = None
    last_error_at: datetime | None = None
    integration: IntegrationState | None = None
    paused_at: datetime | None = None
    paused_reason: str | None = None
    created_at: datetime
    updated_at: datetime


class Fired(Model):
    """What a trigger has started.

    Attributes:
        execution_id: None where it started nothing.
    """

    execution_id: str | None = None


class Backfilled(Model):
    """What a schedule starts of a time that has passed.

    Attributes:
        times: when it was due.
        to_start: those of which nothing was started yet.
    """

    times: list[datetime]
    to_start: list[datetime]
    dry_run: bool


class Trial(Model):
    """What a trial came to.

    Attributes:
        stopped: the bound that it came to: ``until``, ``steps``, ``time`` or ``size``; None where it ended or waits.
        ends_at: what its clock says at the end.
        events: as in an execution's log.
        waiting_for: the steps at which it waits.
        unmocked: the actions and workflows that were made up.
        emitted: the events that it would have sent.
    """

    status: str
    output: Any = None
    data: dict[str, Any]
    error: dict[str, Any] | None = None
    stopped: str | None = None
    ends_at: datetime
    events: list[dict[str, Any]]
    waiting_for: list[dict[str, Any]]
    unmocked: list[dict[str, Any]]
    emitted: list[dict[str, Any]]


class MapNode(Model):
    """What became of a node.

    Attributes:
        visits: how often it was begun.
        failures: how often it failed for good.
        waiting_median_ms, waiting_p95_ms: from when a token came to its beginning.
    """

    node_id: str
    visits: int
    failures: int
    timeouts: int
    retries: int
    skips: int
    duration_median_ms: int | None = None
    duration_p95_ms: int | None = None
    waiting_median_ms: int | None = None
    waiting_p95_ms: int | None = None


class MapEdge(Model):
    """What went along a way from one node to another.

    Attributes:
        source, target: the nodes.
        kind: ``next``, ``branch`` or ``dependency``.
        label: the case, outcome or branch.
    """

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    kind: str
    label: str | None = None
    count: int
    median_ms: int | None = None


class ProcessMap(Model):
    """How executions went through a workflow.

    Attributes:
        since, until: the period.
        executions: how many it tells of.
        is_partial: older ones were left out.
    """

    version_number: int
    since: datetime | None = Field(default=None, alias="from")
    until: datetime = Field(alias="to")
    executions: int
    is_partial: bool
    nodes: list[MapNode]
    edges: list[MapEdge]


class WorkingCopy(Model):
    """What somebody is at work on.

    Attributes:
        based_on_version, based_on_etag: the version and the workflow's ``ETag`` that they began with.
        created_at, updated_at: since when, and when it was saved last.
        definition: shown where one's own was asked for.
        owner_name, is_own: in a list.
    """

    workflow_id: str
    owner_id: str
    based_on_version: int | None = None
    based_on_etag: str | None = None
    created_at: datetime
    updated_at: datetime
    definition: dict[str, Any] | None = None
    owner_name: str | None = None
    is_own: bool | None = None


class FieldChange(Model):
    """A field that two versions have differently.

    Attributes:
        path: JSON pointer to it.
        change: ``added``, ``removed`` or ``changed``.
    """

    path: str
    change: str
    before: Any = None
    after: Any = None


class NodeChange(Model):
    """A node that two versions have differently."""

    id: str
    fields: list[FieldChange]


class Renaming(Model):
    """A node whose id has changed."""

    before: str
    after: str


class NodeChanges(Model):
    """How the nodes of two versions differ."""

    added: list[str]
    removed: list[str]
    renamed: list[Renaming]
    changed: list[NodeChange]


class Comparison(Model):
    """How two versions differ.

    Attributes:
        before, after: their numbers.
        is_empty: they do not.
    """

    before: int = Field(alias="from")
    after: int = Field(alias="to")
    is_empty: bool
    nodes: NodeChanges
    settings: list[FieldChange]
    other: list[FieldChange]


class Migration(Model):
    """What became of executions that were to go on with another version.

    Attributes:
        total: how many run the one before.
        possible: how many go on with the other.
        refused: how many cannot.
        problems: why, by execution.
    """

    total: int
    possible: int
    refused: int
    problems: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])


class Variable(Model):
    """A value that expressions see as ``vars``.

    Attributes:
        workflow_id: None where it is the tenant's.
        type: ``STRING``, ``NUMBER``, ``BOOLEAN``, ``JSON`` or ``SECRET``.
        value: None where it is a secret.
    """

    key: str
    workflow_id: str | None = None
    type: str
    value: Any = None
    is_encrypted: bool = False
    is_system: bool = False
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
