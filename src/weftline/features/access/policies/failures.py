"""Telling administrators of policies that fail while deciding.

A decision only drops a note; writing it down on the policy's row comes later, and at most once a minute for each
policy, so that a policy that fails on every request does not make every request a write.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

import structlog

from weftline.authoring.plugin.registry import plugin_of
from weftline.features.access.policies import repository
from weftline.features.access.policies.engine import PolicyFault, PolicyId
from weftline.features.database import Database
from weftline.features.plugins.faults import note_fault
from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 60.0
"""Between two notes about one policy."""

MAX_MESSAGE = 500
MAX_REMEMBERED = 10_000
"""Policies whose last note's time is kept."""


class PolicyFailures:
    """Writes down which policies failed.

    Args:
        database: under the API's role.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted_at: dict[tuple[UUID, PolicyId | None], float] = {}
        self._pending: dict[tuple[UUID, PolicyId], str] = {}
        self._task: asyncio.Task[None] | None = None

    def report(self, tenant_id: UUID, faults: Sequence[PolicyFault]) -> None:
        """Note what went wrong in a decision, soon.

        Args:
            tenant_id: whose policies decided.
            faults: of that decision.
        """
        for fault in faults:
            key = (tenant_id, fault.policy_id)
            now = time.monotonic()
            if now - self._noted_at.get(key, -PAUSE_SECONDS) < PAUSE_SECONDS:
                continue
            if len(self._noted_at) >= MAX_REMEMBERED:
                self._noted_at.clear()
            self._noted_at[key] = now
            log.warning("policy failed", tenant_id=str(tenant_id), policy_id=str(fault.policy_id), error=fault.message)
            if fault.policy_id is not None:
                self._pending[tenant_id, fault.policy_id] = fault.message[:MAX_MESSAGE]
        if self._pending and self._task is None:
            self._task = asyncio.create_task(self._write(), name="policy-failures")

    async def close(self) -> None:
        """Wait until everything is written."""
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        try:
            while self._pending:
                (tenant_id, policy_id), message = self._pending.popitem()
                async with self._database.transaction(tenant_id) as session:
                    if isinstance(policy_id, UUID):
                        await repository.note_failure(session, tenant_id, policy_id, message)
                    else:
                        plugin_id = plugin_of(policy_id)
                        await note_fault(session, tenant_id, plugin_id, f"policy {policy_id}", message)
        except StoreError as error:
            log.warning("could not note that policies failed", error=str(error))
        finally:
            self._task = None
