"""What steps ask and leave beside input and result: who started them, how the tenant is configured, the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.authoring.surroundings import Surroundings
from weftline.engine.clock import Clock
from weftline.engine.run import Run
from weftline.engine.secrets import Secrets
from weftline.language.json_values import merged
from weftline.store.errors import translated
from weftline.store.json_text import encode
from weftline.store.queries import queries

if TYPE_CHECKING:
    from weftline.machine.state import Step

CONFIGURATION = queries("tenants")["configuration"]

FRESH_SECONDS = 5.0
"""How long a tenant's configuration is not looked up again."""

MAX_TENANTS = 10_000
"""Configurations kept at most."""


def surroundings_of(run: Run) -> Surroundings:
    """What belongs to a step of this execution."""
    started_by, context = run.origin
    return Surroundings(
        {} if context is None else orjson.loads(context), None if started_by is None else str(started_by)
    )


def audit_rows(run: Run, step: Step, left: Surroundings, secrets: Secrets | None) -> list[str]:
    """The audit entries that a step leaves, as ``append_audit`` takes them: JSON text of each.

    Args:
        run, step, left: whose.
        secrets: those that are hidden in what the action said; None where it was given none.

    Raises:
        Unstorable: the details of one cannot be stored.
    """
    request, started_by = left.request, run.origin.started_by
    rows: list[str] = []
    for note in left.audit_trail:
        said = {"action": note.action, "resource_type": note.resource, "resource_id": note.resource_id}
        details = None if note.details is None else dict(note.details)
        if secrets is not None:
            said, details = secrets.fields(said), secrets.json(orjson.loads(encode(details)))
        after: dict[str, Any] = {"executionId": run.id_text, "workflowId": run.workflow_id, "stepId": step.node}
        if left.user_id is not None:
            after["userId"] = left.user_id
        if details is not None:
            after["details"] = details
        row = {
            "actor_type": "workflow",
            "actor_id": None if started_by is None else str(started_by),
            "actor_name": f"{run.workflow_id}/{step.node}",
            **said,
            "after": after,
            "address": None if request is None else request.client,
            "user_agent": None if request is None else request.headers.get("user-agent"),
        }
        rows.append(encode(row))
    return rows


class TenantConfigurations:
    """The tenants' configurations, each looked up at most every few seconds.

    Args:
        pool: the worker's connections.
        clock: decides what is fresh.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._known: dict[UUID, tuple[float, str]] = {}

    async def get(self, tenant_id: UUID) -> dict[str, Any]:
        """A tenant's configuration: what it sets itself, else what is set for all.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = self._clock.now()
        at, text = self._known.get(tenant_id, (0.0, ""))
        if now - at > FRESH_SECONDS:
            with translated():
                row = await self._pool.fetchrow(CONFIGURATION, tenant_id)
            assert row is not None, "tenants are never deleted"
            found = {name: row[name] for name in ("slug", "name", "domain")}
            found |= merged(orjson.loads(row["platform"]), orjson.loads(row["own"]))
            text = orjson.dumps({"id": str(tenant_id), **found}).decode()
            if len(self._known) >= MAX_TENANTS:
                self._known.clear()
            self._known[tenant_id] = (now, text)
        return orjson.loads(text)
