"""Adding up what the statistics hold, within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.statistics.figures import PERIODS, Dimension, Figures, Group, Wanted

_PARTS = {
    Dimension.TENANT: "e.tenant_id::text",
    Dimension.WORKFLOW: "e.workflow_id",
    Dimension.VERSION: "e.version_number::text",
    Dimension.STEP: "e.node_id",
    Dimension.HOUR: "e.hour::text",
    Dimension.DAY: "(date_trunc('day', e.hour, :timezone))::text",
}
"""What a group's key is made of; the connection's time zone is UTC."""

_COUNTS = (
    "sum(started)::bigint AS started, sum(completed)::bigint AS completed, sum(failed)::bigint AS failed, "
    "sum(timed_out)::bigint AS timed_out, sum(cancelled)::bigint AS cancelled, sum(skipped)::bigint AS skipped, "
    "sum(rolled_back)::bigint AS rolled_back, sum(retried)::bigint AS retried, "
    "sum(duration_sum)::bigint AS duration_sum, min(duration_min) AS duration_min, max(duration_max) AS duration_max"
)

_FIGURES = """
WITH entries AS MATERIALIZED (
    SELECT {key} AS key, e.hour, e.started, e.completed, e.failed, e.timed_out, e.cancelled, e.skipped, e.rolled_back,
           e.retried, e.duration_sum, e.duration_min, e.duration_max, e.buckets, e.numbers
    FROM statistics_entries e
    WHERE e.tenant_id = ANY (CAST(:tenants AS uuid[])) AND e.hour >= :since AND e.hour < :until AND {conditions}
), totals AS (
    SELECT key, row_number() OVER (ORDER BY {order}, key) AS place, {counts}
    FROM entries
    GROUP BY key
    ORDER BY place
    LIMIT :limit
), durations AS (
    SELECT key, array_agg(bucket) AS buckets, array_agg(number) AS numbers
    FROM (
        SELECT e.key, b.bucket, sum(b.number)::bigint AS number
        FROM entries e CROSS JOIN LATERAL unnest(e.buckets, e.numbers) AS b(bucket, number)
        WHERE e.key IN (SELECT t.key FROM totals t)
        GROUP BY e.key, b.bucket
    ) AS counted
    GROUP BY key
)
SELECT t.*, d.buckets, d.numbers FROM totals t LEFT JOIN durations d ON d.key = t.key ORDER BY t.place
"""

_RUNNING = """
SELECT {key} AS key, sum(e.running)::bigint AS running
FROM (
    SELECT r.tenant_id, r.workflow_id, r.version_number, r.running
    FROM statistics_running r
    WHERE r.tenant_id = ANY (CAST(:tenants AS uuid[]))
    UNION ALL
    SELECT d.tenant_id, d.workflow_id, d.version_number, d.running
    FROM statistics_deltas d
    WHERE d.tenant_id = ANY (CAST(:tenants AS uuid[])) AND d.running <> 0
) AS e
WHERE {conditions}
GROUP BY 1
"""

_OLDEST = "min(hour)"
_MOST = "coalesce(sum(completed), 0) + coalesce(sum(failed), 0) + coalesce(sum(timed_out), 0) DESC"

_NUMBERS = (
    *("started", "completed", "failed", "timed_out", "cancelled", "skipped", "rolled_back", "retried"),
    "duration_sum",
)

_WORKFLOWS = text("SELECT id FROM workflow_templates WHERE tenant_id = :tenant")
_EXISTS = text("SELECT EXISTS (SELECT FROM workflow_templates WHERE tenant_id = :tenant AND id = :workflow)")
_TENANTS = text("SELECT id, slug FROM tenants WHERE CAST(:ids AS uuid[]) IS NULL OR id = ANY (CAST(:ids AS uuid[]))")


async def figures(session: AsyncSession, wanted: Wanted) -> list[tuple[Group, Figures]]:
    """Figures of each group, at most one more than wanted: by time where that tells them apart, else those with the
    most ends first. Without a dimension there is one group, or none where nothing happened."""
    chosen = _dimensions(wanted)
    conditions = [*_conditions(wanted), "e.node_id <> ''" if wanted.of_steps else "e.node_id = ''"]
    if wanted.step_id is not None:
        conditions.append("e.node_id = :step")
    statement = _FIGURES.format(
        key=_key(chosen),
        counts=_COUNTS,
        conditions=" AND ".join(conditions),
        order=_OLDEST if wanted.group_by & PERIODS else _MOST,
    )
    parameters = {
        **_parameters(wanted),
        "since": wanted.since,
        "until": wanted.until,
        "step": wanted.step_id,
        "limit": wanted.limit + 1,
        "timezone": wanted.timezone,
    }
    rows = (await session.execute(text(statement), _used(statement, parameters))).all()
    return [(_group(chosen, row.key), _figures(row)) for row in rows]


async def running(session: AsyncSession, wanted: Wanted) -> dict[Group, int]:
    """How many executions of each group run now."""
    chosen = _dimensions(wanted)
    statement = _RUNNING.format(key=_key(chosen), conditions=" AND ".join(["true", *_conditions(wanted)]))
    rows = (await session.execute(text(statement), _used(statement, _parameters(wanted)))).all()
    return {_group(chosen, row.key): row.running for row in rows}


async def workflow_ids(session: AsyncSession, tenant_id: UUID) -> list[str]:
    """The tenant's workflows."""
    return list((await session.scalars(_WORKFLOWS, {"tenant": tenant_id})).all())


async def has_workflow(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> bool:
    """Whether there is such a workflow."""
    return (await session.execute(_EXISTS, {"tenant": tenant_id, "workflow": workflow_id})).scalar_one()


async def tenant_slugs(session: AsyncSession, ids: Collection[UUID] | None) -> dict[UUID, str]:
    """The slugs of the tenants of these ids, or of all."""
    rows = await session.execute(_TENANTS, {"ids": None if ids is None else list(ids)})
    return {row.id: row.slug for row in rows}


def _dimensions(wanted: Wanted) -> tuple[Dimension, ...]:
    return tuple(dimension for dimension in Dimension if dimension in wanted.group_by)


def _key(chosen: Sequence[Dimension]) -> str:
    return f"ARRAY[{', '.join(_PARTS[dimension] for dimension in chosen)}]::text[]"


def _conditions(wanted: Wanted) -> list[str]:
    found: list[str] = []
    if wanted.workflows is not None:
        found.append("e.workflow_id = ANY (:workflows)")
    if wanted.workflow_id is not None:
        found.append("e.workflow_id = :workflow")
    if wanted.version_number is not None:
        found.append("e.version_number = :version")
    return found


def _parameters(wanted: Wanted) -> dict[str, Any]:
    return {
        "tenants": list(wanted.tenants),
        "workflows": None if wanted.workflows is None else list(wanted.workflows),
        "workflow": wanted.workflow_id,
        "version": wanted.version_number,
    }


def _used(statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Those of the parameters that a statement has."""
    return {name: value for name, value in parameters.items() if f":{name}" in statement}


def _group(chosen: Sequence[Dimension], key: Sequence[str]) -> Group:
    parts = dict(zip(chosen, key, strict=True))
    period = parts.get(Dimension.HOUR, parts.get(Dimension.DAY))
    return Group(
        tenant_id=UUID(parts[Dimension.TENANT]) if Dimension.TENANT in parts else None,
        workflow_id=parts.get(Dimension.WORKFLOW),
        version_number=int(parts[Dimension.VERSION]) if Dimension.VERSION in parts else None,
        step_id=parts.get(Dimension.STEP),
        period=None if period is None else datetime.fromisoformat(period),
    )


def _figures(row: Row[Any]) -> Figures:
    numbers = {name: getattr(row, name) or 0 for name in _NUMBERS}
    buckets: dict[int, int] = dict(zip(row.buckets or [], row.numbers or [], strict=True))
    return Figures(**numbers, duration_min=row.duration_min, duration_max=row.duration_max, buckets=buckets)
