"""What a trial knows of variables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.variables.models import Variable
from weftline.features.variables.service import TENANT
from weftline.store.variables import SECRET


async def variables_of(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> tuple[dict[str, Any], list[str]]:
    """The values of the variables that a workflow sees and that are no secrets, and the names of those that are."""
    statement = (
        select(Variable.key, Variable.type, Variable.value)
        .where(Variable.tenant_id == tenant_id, Variable.workflow_id.in_((TENANT, workflow_id)))
        # the workflow's own come last, and count
        .order_by(Variable.workflow_id)
    )
    types: dict[str, str] = {}
    values: dict[str, Any] = {}
    for key, type, value in await session.execute(statement):
        types[key], values[key] = type, value
    secrets = [key for key, type in types.items() if type == SECRET]
    return {key: value for key, value in values.items() if types[key] != SECRET}, secrets
