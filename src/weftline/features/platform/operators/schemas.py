"""Operators on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from weftline.features.http.paging import PageQuery
from weftline.features.http.wire import Demand, Wire
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


class OperatorQuery(PageQuery, ReasonQuery):
    """Which part of the list, and why."""
