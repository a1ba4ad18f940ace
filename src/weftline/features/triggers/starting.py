"""Starting executions for triggers that somebody fires by a request: a call of a webhook, or a person."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import Entry, append
from weftline.features.executions.context import stored_context
from weftline.features.executions.versions import Versions
from weftline.features.http.origin import current_origin
from weftline.features.triggers.errors import Overlapping
from weftline.language.trigger_rules import TriggerRule
from weftline.machine.firing import FiringFailed, Names, about, holds, prepare
from weftline.model.status import TemplateStatus
from weftline.store.starts import published_versions, start_executions
from weftline.store.triggers import Connection, Outcome, StoredTrigger, execution_of, record_outcomes


class Starting:
    """Starts what triggers start, and counts it.

    Args:
        versions: the published versions.
    """

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    async def start(
        self,
        connection: Connection,
        trigger: StoredTrigger,
        rule: TriggerRule,
        values: Mapping[str, Any],
        otherwise: Any,
        actor: Caller,
    ) -> UUID | None:
        """Start an execution, within a transaction of the caller's that has locked the trigger; it ends with this.

        Args:
            connection: bound to the tenant.
            trigger, rule: which.
            values: what its expressions see, besides ``trigger``.
            otherwise: the input where the trigger does not say it.
            actor: in whose name the audit log has it.

        Returns:
            The execution, or None where the trigger's condition does not hold.

        Raises:
            FiringFailed: none can be started; see :func:`count_failure`.
            Overlapping: not as long as others run.
        """
        now = time.time()
        tenant_id = trigger.tenant_id
        execution_id, version = await self._start(connection, trigger, rule, values, otherwise, now)
        if version is None:
            return None
        if execution_id is None:
            raise Overlapping
        await record_outcomes(connection, [Outcome(tenant_id, trigger.id, fired=1, execution_id=execution_id)], now)
        after = {"workflowId": trigger.workflow_id, "versionNumber": version, "triggerId": str(trigger.id)}
        entry = Entry("execution.started", "execution", execution_id, after=after, actor=actor)
        append(connection, tenant_id, [entry])
        return execution_id

    async def _start(
        self,
        connection: Connection,
        trigger: StoredTrigger,
        rule: TriggerRule,
        values: Mapping[str, Any],
        otherwise: Any,
        now: float,
    ) -> tuple[UUID | None, int | None]:
        """The execution, None where another keeps it out; and the version, None where the condition does not hold."""
        tenant_id, workflow_id = trigger.tenant_id, trigger.workflow_id
        scheduled_at = now if rule.schedule is not None else None
        names = Names({"trigger": about(trigger.key, scheduled_at, now), **values})
        published = (await published_versions(connection, tenant_id, [workflow_id])).get(workflow_id)
        if published is None or published.number is None or published.status is TemplateStatus.ARCHIVED:
            raise FiringFailed("not_published", f"no version of workflow '{workflow_id}' can be started")
        version = await self._versions.get(connection, tenant_id, workflow_id, published.number)
        if not holds(rule, names, encrypts=version.encrypts):
            return None, None
        schema = version.schema

        def errors_of(input: Any) -> list[tuple[str, str]]:
            return [] if schema is None else [(error.pointer, error.message) for error in schema.errors(input)]

        prepared = prepare(rule, trigger.id, names, otherwise, program=version.program, errors_of=errors_of)
        context = stored_context(None, current_origin())
        item = execution_of(
            *(trigger, rule, prepared, published.number),
            encrypts=version.encrypts,
            scheduled_at=scheduled_at,
            context=context,
        )
        [execution_id] = await start_executions(connection, tenant_id, [item], now)
        return execution_id, published.number


async def count_failure(connection: Connection, trigger: StoredTrigger, failure: FiringFailed) -> None:
    """Count a firing that could start nothing, within a transaction that has locked the trigger."""
    await record_outcomes(
        connection, [Outcome(trigger.tenant_id, trigger.id, failed=1, error=failure.error)], time.time()
    )
