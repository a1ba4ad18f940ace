"""What is kept of what was done: the audit log, and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class AuditEntry(Model):
    """Something that somebody did.

    Attributes:
        seq: its number in the tenant's log, from 1.
        actor_type, actor_id, actor_name: who.
        action: what, as ``workflow.published``.
        resource_type, resource_id: to what.
        before, after: what changed.
        address, user_agent, request_id: of the request.
        hash: of this entry and, by the one before it, of all before.
    """

    seq: int
    occurred_at: datetime
    actor_type: str
    actor_id: str | None = None
    actor_name: str | None = None
    action: str
    resource_type: str | None = None
    resource_id: str | None = None
    before: Any = None
    after: Any = None
    reason: str | None = None
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    hash: str


class AuditHead(Model):
    """The end of a log at some time: kept somewhere else, it proves that the log was not written anew since."""

    seq: int
    hash: str


class AuditFault(Model):
    """A place where the log is not as it was written.

    Attributes:
        kind: what happened to it, such as ``changed`` or ``removed``.
        seq, last_seq: the first and the last entry that it is about.
    """

    kind: str
    seq: int
    last_seq: int
    message: str


class AuditVerification(Model):
    """Whether the log is as it was written.

    Attributes:
        whole: nothing was changed.
        complete: all of it was read; not so where very much is broken.
        entries: how many were read.
        seconds: how long that took.
        head: the log's end.
        faults: what was changed.
    """

    whole: bool
    complete: bool
    entries: int
    seconds: float
    head: AuditHead | None = None
    faults: list[AuditFault] = Field(default_factory=list[AuditFault])


class Figures(Model):
    """What became of executions or steps.

    Attributes:
        started: None where only steps are counted.
        ended: of these ``completed``, ``failed``, ``timed_out``, ``cancelled``, ``skipped`` or ``rolled_back``.
        retried: that took more than one attempt.
        success_rate: from 0 to 1; None where nothing has ended.
        average_ms, min_ms, max_ms, p50_ms, p95_ms, p99_ms: how long they took.
    """

    started: int | None = None
    ended: int
    completed: int
    failed: int
    timed_out: int
    cancelled: int
    skipped: int
    rolled_back: int
    retried: int
    success_rate: float | None = None
    average_ms: float | None = None
    min_ms: float | None = None
    max_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


class FiguresGroup(Figures):
    """Figures of one workflow, version, step or period, as far as they were told apart.

    Attributes:
        running: how many run now; None of steps and periods.
    """

    workflow_id: str | None = None
    version_number: int | None = None
    step_id: str | None = None
    period_start: datetime | None = None
    running: int | None = None


class Statistics(Model):
    """Figures of a time.

    Attributes:
        since, until: the time, the first included.
        timezone: where days begin.
        running: executions that run now.
        has_more: there are more groups than are shown.
    """

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    timezone: str
    running: int
    total: Figures
    has_more: bool
    items: list[FiguresGroup] = Field(default_factory=list[FiguresGroup])


class WorkflowStatistics(Model):
    """Figures of one workflow.

    Attributes:
        total, successful, failed, cancelled, running: executions.
        success_rate: from 0 to 1.
        average_execution_time: milliseconds.
        steps: figures of each node.
    """

    workflow_id: str
    total: int
    successful: int
    failed: int
    cancelled: int
    running: int
    success_rate: float | None = None
    average_execution_time: float | None = None
    figures: Figures
    steps: list[FiguresGroup] = Field(default_factory=list[FiguresGroup])
