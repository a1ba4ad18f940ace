"""Operators on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.platform.operators.service import ORDER
from weftline.features.platform.reason import ReasonQuery

Tenants = Annotated[list[UUID] | None, Field(max_length=1000, description="The tenants they see; null for all.")]


class OperatorBody(Demand):
    """What an operator sees."""

    tenants: Tenants


class OperatorOut(Wire):
    """An operator."""

    user_id: UUID
    email: str
    name: str
    tenants: Tenants
    created_at: datetime


class OperatorQuery(ListQuery, ReasonQuery):
    """Which part of the list, and why."""

    order: ClassVar = ORDER
