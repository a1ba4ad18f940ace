"""Service accounts on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.roles.schemas import RoleNames
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.keys.models import ServiceAccountStatus
from weftline.features.keys.service_accounts.service import ORDER, ServiceAccountDraft


class ServiceAccountBody(Demand):
    """What a service account is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="Unique within the tenant.")]
    description: Annotated[str | None, Field(max_length=1000)] = None
    roles: RoleNames = Field(default_factory=list)
    status: Annotated[ServiceAccountStatus, Field(description="Keys of a disabled one do not count.")] = (
        ServiceAccountStatus.ACTIVE
    )

    def draft(self) -> ServiceAccountDraft:
        """As the service takes it."""
        return ServiceAccountDraft(self.name, self.description, tuple(self.roles), self.status)


class ServiceAccountQuery(ListQuery):
    """Which part of the service accounts, in which order."""

    order: ClassVar = ORDER


class ServiceAccountOut(Wire):
    """A service account."""

    id: UUID
    name: str
    description: str | None
    roles: list[str]
    status: ServiceAccountStatus
    created_at: datetime
    updated_at: datetime
