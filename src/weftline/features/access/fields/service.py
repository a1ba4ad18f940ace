"""What can be done with field rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.fields import repository
from weftline.features.access.fields.errors import FieldRuleNotFound, TooManyFieldRules, UnknownRoles
from weftline.features.access.fields.masking import FieldRule
from weftline.features.access.fields.models import FieldRuleRow
from weftline.features.access.permissions import BUILT_IN_ROLES
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.model.ids import uuid7

MAX_RULES = 500


class FieldRuleService:
    """Adding, finding and removing field rules.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant_id: UUID, window: Window, *, workflow_id: str | None = None) -> Sequence[FieldRuleRow]:
        """Rules; see ``repository.list_rules``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_rules(session, tenant_id, window, workflow_id=workflow_id)

    async def get(self, tenant_id: UUID, rule_id: UUID) -> FieldRuleRow:
        """A rule.

        Raises:
            FieldRuleNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, rule_id)

    async def create(self, caller: Caller, rule: FieldRule) -> FieldRuleRow:
        """Add a rule.

        Raises:
            UnknownRoles: it names roles that do not exist.
            TooManyFieldRules: there is no room for it.
        """
        row = FieldRuleRow(
            tenant_id=caller.tenant_id,
            id=uuid7(),
            workflow_id=rule.workflow_id,
            field=rule.field,
            effect=rule.effect,
            visible_to=sorted(rule.visible_to),
            created_by=caller.id,
        )
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            known = BUILT_IN_ROLES.keys() | await repository.custom_roles(session, caller.tenant_id)
            if unknown := rule.visible_to - known:
                raise UnknownRoles(sorted(unknown))
            if await repository.count(session, caller.tenant_id) >= MAX_RULES:
                raise TooManyFieldRules(MAX_RULES)
            session.add(row)
            await session.flush()
            await session.refresh(row)
            await revoke(session, "tenant", caller.tenant_id)
            await record(session, "field-rule.created", "field-rule", row.id, after=_snapshot(row))
        return row

    async def remove(self, caller: Caller, rule_id: UUID) -> FieldRuleRow:
        """Remove a rule, and return what it was.

        Raises:
            FieldRuleNotFound: there is none of this id.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            row = await _existing(session, caller.tenant_id, rule_id)
            await session.delete(row)
            await session.flush()
            await revoke(session, "tenant", caller.tenant_id)
            await record(session, "field-rule.removed", "field-rule", row.id, before=_snapshot(row))
        return row


async def _existing(session: AsyncSession, tenant_id: UUID, rule_id: UUID) -> FieldRuleRow:
    row = await repository.get(session, tenant_id, rule_id)
    if row is None:
        raise FieldRuleNotFound
    return row


def _snapshot(row: FieldRuleRow) -> dict[str, Any]:
    """The rule as the audit log keeps it."""
    return {
        "workflowId": row.workflow_id,
        "field": row.field,
        "effect": row.effect,
        "visibleTo": row.visible_to,
    }
