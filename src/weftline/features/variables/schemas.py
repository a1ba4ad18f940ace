"""Variables on the wire."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.variables.models import Variable, VariableType
from weftline.features.variables.repository import ORDER
from weftline.features.variables.service import VariableChange, VariableDraft

KEY = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
NAME = re.compile(KEY)

MAX_DESCRIPTION = 1_000

Key = Annotated[str, Field(pattern=KEY, description="Its name; expressions read `vars.NAME`.")]
Type = Annotated[VariableType, Field(description="What kind of value it has; a SECRET is never shown again.")]
Description = Annotated[str | None, Field(max_length=MAX_DESCRIPTION, description="What it is for.")]


class VariableOut(Wire):
    """A value that expressions see."""

    id: Annotated[UUID | None, Field(description="Its id; none of those that the platform gives.")]
    tenant_id: Annotated[UUID, Field(description="Whose it is.")]
    workflow_id: Annotated[str | None, Field(description="The only workflow that sees it; null: all of the tenant.")]
    key: Key
    type: Type
    value: Annotated[Any, Field(description="The value; null where it is a secret.")]
    is_encrypted: Annotated[bool, Field(description="Whether it is a secret, kept sealed.")]
    is_system: Annotated[bool, Field(description="Whether the platform gives it; it cannot be changed.")]
    description: Description
    created_at: Annotated[datetime | None, Field(description="When it was made.")]
    updated_at: Annotated[datetime | None, Field(description="When it was last changed.")]

    @classmethod
    def of(cls, variable: Variable) -> VariableOut:
        """A variable as it may be shown."""
        return cls(
            id=variable.id,
            tenant_id=variable.tenant_id,
            workflow_id=variable.workflow_id or None,
            key=variable.key,
            type=variable.type,
            value=variable.value,
            is_encrypted=variable.sealed is not None,
            is_system=False,
            description=variable.description,
            created_at=variable.created_at,
            updated_at=variable.updated_at,
        )

    @classmethod
    def system(cls, tenant_id: UUID, key: str, value: str, description: str) -> VariableOut:
        """One that the platform gives."""
        return cls(
            id=None,
            tenant_id=tenant_id,
            workflow_id=None,
            key=key,
            type="STRING",
            value=value,
            is_encrypted=False,
            is_system=True,
            description=description,
            created_at=None,
            updated_at=None,
        )


class VariableQuery(ListQuery):
    """Which variables."""

    order: ClassVar = ORDER

    type: list[VariableType] = Field(default_factory=list[VariableType], description="Only those of these types.")
    q: Annotated[str | None, Field(max_length=200, description="Only those whose name or description holds this.")] = (
        None
    )


class VariableBody(Demand):
    """What a variable is to be."""

    type: Type = "STRING"
    value: Annotated[Any, Field(description="A value that fits the type, at most 16 KiB.")]
    description: Description = None

    def draft(self) -> VariableDraft:
        """As the service takes it."""
        return VariableDraft(self.type, self.value, self.description)


class NewVariableBody(VariableBody):
    """What a new variable is to be."""

    key: Key


class VariablePatch(Demand):
    """What is to change; the rest stays as it is."""

    type: Annotated[VariableType | None, Field(description="Another type; the value must fit it.")] = None
    value: Annotated[Any, Field(description="Another value.")] = None
    description: Description = None

    def change(self) -> VariableChange:
        """As the service takes it."""
        return VariableChange(frozenset(self.model_fields_set), self.type, self.value, self.description)
