"""Field rules on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import Effect, FieldRule
from weftline.features.access.fields.repository import ORDER
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire

WorkflowId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
Role = Annotated[str, Field(min_length=1, max_length=128)]


class FieldRuleOut(Wire):
    """A rule about who may see a field."""

    id: Annotated[UUID, Field(description="Its id.")]
    workflow_id: Annotated[str | None, Field(description="Of whose data; null for every workflow's.")]
    field: Annotated[str, Field(description="The field, a dotted path.")]
    effect: Annotated[Effect, Field(description="`hide` leaves the field out, `mask` puts `•••` in its place.")]
    visible_to: Annotated[list[str], Field(description="Roles that see it as it is.")]
    created_by: Annotated[UUID | None, Field(description="Who made it; null for the console.")]
    created_at: Annotated[datetime, Field(description="When it was made.")]


class FieldRuleQuery(ListQuery):
    """Which rules to list."""

    order: ClassVar = ORDER

    workflow_id: Annotated[WorkflowId | None, Field(description="Only those that apply to this workflow.")] = None


class FieldRuleBody(Demand):
    """What a rule is to be."""

    workflow_id: Annotated[WorkflowId | None, Field(description="Of whose data; every workflow's where absent.")] = None
    field: Annotated[
        str,
        Field(
            pattern=r"^[^.\x00-\x1f]+(\.[^.\x00-\x1f]+)*$",
            max_length=200,
            description="A key, or a path of keys with dots between them; matched at any depth, through lists.",
        ),
    ]
    effect: Annotated[Effect, Field(description="`hide` leaves the field out, `mask` puts `•••` in its place.")]
    visible_to: Annotated[
        list[Role], Field(max_length=100, description="Roles that see it as it is; nobody, not even `admin`, if empty.")
    ] = Field(default_factory=list[str])

    def rule(self) -> FieldRule:
        """As the service takes it."""
        return FieldRule(self.workflow_id, self.field, self.effect, frozenset(self.visible_to))
