"""Reading jobs, within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey
from weftline.features.jobs.models import Job, JobStatus

_NAME = SortKey("name", "name")

ORDER = Ordering(
    _NAME,
    SortKey("available", "available", int),
    SortKey("oldest", "oldest", datetime, nullable=True),
    tie=_NAME,
    default="name",
)
"""Of task queues. There are few, and all jobs are counted for any of them."""


@dataclass(frozen=True, slots=True)
class TaskQueue:
    """A task queue in which there are jobs.

    Attributes:
        name: as definitions say.
        available: jobs that can be fetched.
        held: jobs of paused executions.
        locked: jobs that workers have.
        oldest: since when the oldest of those that can be fetched waits.
        workers: who has jobs.
    """

    name: str
    available: int
    held: int
    locked: int
    oldest: datetime | None
    workers: Sequence[str]


async def get(session: AsyncSession, tenant_id: UUID, job_id: UUID) -> Job | None:
    """A job."""
    return await session.get(Job, (tenant_id, job_id))


async def queues(session: AsyncSession, tenant_id: UUID) -> list[TaskQueue]:
    """The task queues in which there are jobs, by name."""
    is_available = Job.status == JobStatus.AVAILABLE
    is_locked = Job.status == JobStatus.LOCKED
    statement = (
        select(
            Job.queue,
            func.count().filter(is_available, ~Job.is_held),
            func.count().filter(is_available, Job.is_held),
            func.count().filter(is_locked),
            func.min(Job.created_at).filter(is_available, ~Job.is_held),
            func.array_agg(Job.locked_by.distinct()).filter(is_locked),
        )
        .where(Job.tenant_id == tenant_id)
        .group_by(Job.queue)
        .order_by(Job.queue)
    )
    rows = (await session.execute(statement)).all()
    return [TaskQueue(*row[:5], workers=sorted(filter(None, row[5] or ()))) for row in rows]
