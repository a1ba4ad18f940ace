"""Rows of human tasks and of what belongs to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import Computed, DateTime
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class Escalation(TypedDict):
    """Whom a task is assigned to as well once it is overdue, and who else is told."""

    assignTo: list[str]
    notify: list[str]


class HumanTask(Row):
    """What a step asks people to do.

    ``step_id`` is the step's key. ``assign_to`` holds users (ids, e-mail addresses), groups and roles, and is empty
    where anybody may do the task. Where the workflow's payloads are sealed, so is ``data``: see
    :mod:`weftline.features.tasks.sealing`. ``notify_at`` and ``escalate_at`` are set while somebody is still to be
    told.
    """

    __tablename__ = "human_tasks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID]
    workflow_id: Mapped[str]
    step_id: Mapped[str]
    name: Mapped[str]
    form: Mapped[Any] = mapped_column(JSON)
    assign_to: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    outcomes: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    approvals_required: Mapped[int]
    approvals_given: Mapped[int]
    approving_outcomes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    four_eyes: Mapped[bool]
    started_by: Mapped[UUID | None]
    status: Mapped[str]
    claimed_by: Mapped[str | None]
    claimed_by_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    outcome: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_by: Mapped[str | None]
    completed_by_id: Mapped[UUID | None]
    notifies: Mapped[bool]
    notify_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    escalation: Mapped[Escalation | None] = mapped_column(JSONB)
    escalate_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    escalated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_sealed: Mapped[bool] = mapped_column(default=False)
    is_open_to_all: Mapped[bool] = mapped_column(Computed("assign_to = '{}' AND status IN ('open', 'claimed')"))


class TaskAssignee(Row):
    """Whom a task asks while it is to be done; the database keeps it in step with ``assign_to``."""

    __tablename__ = "task_assignees"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    assignee: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(primary_key=True)


class TaskVote(Row):
    """What one person decided. The key lets nobody vote twice."""

    __tablename__ = "task_votes"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    voter_id: Mapped[UUID] = mapped_column(primary_key=True)
    voter: Mapped[str]
    outcome: Mapped[str | None]
    is_approving: Mapped[bool]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    comment: Mapped[str | None]
    link_id: Mapped[UUID | None]
    voted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TaskComment(Row):
    """What somebody said about a task."""

    __tablename__ = "task_comments"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    author_id: Mapped[UUID | None]
    author: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TaskDelegation(Row):
    """That somebody handed a task, or their say in one, to another."""

    __tablename__ = "task_delegations"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    from_id: Mapped[UUID | None]
    from_name: Mapped[str]
    to_id: Mapped[UUID]
    to_name: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TaskLink(Row):
    """A link by which one person can decide once, without signing in. Only a hash of its token is stored."""

    __tablename__ = "task_links"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes]
    task_id: Mapped[UUID]
    user_id: Mapped[UUID]
    outcome: Mapped[str | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
