"""Tenants on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.schemas.texts import Email, Password
from weftline.features.members.joining import Newcomer
from weftline.features.platform.reason import MAX_REASON, ReasonQuery
from weftline.features.tenancy.configuration import TenantConfiguration
from weftline.features.tenancy.founding import TenantDraft
from weftline.features.tenancy.models import Tenant, TenantStatus
from weftline.features.tenancy.names import MAX_DOMAIN, MAX_SLUG
from weftline.features.tenancy.repository import ORDER, Filter
from weftline.features.tenancy.service import TenantChanges

Name = Annotated[str, Field(min_length=1, max_length=100, description="For people.")]
Slug = Annotated[str, Field(min_length=1, max_length=MAX_SLUG, description="A label of a host name; unique.")]
Domain = Annotated[str, Field(min_length=1, max_length=MAX_DOMAIN, description="Its own domain; unique.")]


class AdministratorBody(Demand):
    """The first administrator of a tenant."""

    email: Email
    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    password: Annotated[
        Password | None,
        Field(description="Counts where the address has no account with one. Without it, they are invited by mail."),
    ] = None


class NewTenantBody(Demand):
    """A tenant that is to be."""

    name: Name
    slug: Slug
    domain: Domain | None = None
    configuration: Annotated[
        TenantConfiguration, Field(description="What it sets itself; the rest falls back to the platform's.")
    ] = TenantConfiguration()
    admin: AdministratorBody

    def draft(self) -> TenantDraft:
        """As the service takes it."""
        admin = self.admin
        administrator = Newcomer(admin.email, admin.name, password=admin.password)
        return TenantDraft(self.name, self.slug, self.domain, self.configuration, administrator)


class TenantBody(Demand):
    """What is to change of a tenant; what is absent stays as it is."""

    name: Name = ""
    slug: Annotated[Slug, Field(description="Operators only.")] = ""
    domain: Annotated[Domain | None, Field(description="Operators only.")] = None
    configuration: Annotated[
        TenantConfiguration,
        Field(description="All that it sets itself. `limits` and `features` are for operators to change."),
    ] = TenantConfiguration()

    def changes(self) -> TenantChanges:
        """As the service takes it."""
        changes = TenantChanges()
        if "name" in self.model_fields_set:
            changes["name"] = self.name
        if "slug" in self.model_fields_set:
            changes["slug"] = self.slug
        if "domain" in self.model_fields_set:
            changes["domain"] = self.domain
        if "configuration" in self.model_fields_set:
            changes["configuration"] = self.configuration
        return changes


class ReasonBody(Demand):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON, description="It is recorded.")]


class TenantOut(Wire):
    """A tenant."""

    id: UUID
    slug: str
    name: str
    domain: str | None
    status: TenantStatus
    created_at: datetime
    updated_at: datetime


class ConfigurationOut(Wire):
    """How a tenant is configured."""

    id: UUID
    slug: str
    name: str
    domain: str | None
    own: Annotated[dict[str, Any], Field(description="What it sets itself.")]
    effective: Annotated[TenantConfiguration, Field(description="With what it falls back to.")]

    @classmethod
    def of(cls, tenant: Tenant, effective: TenantConfiguration) -> ConfigurationOut:
        """As it is shown."""
        return cls(
            id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            domain=tenant.domain,
            own=tenant.configuration,
            effective=effective,
        )


class TenantQuery(ListQuery, ReasonQuery):
    """Which tenants to list."""

    order: ClassVar = ORDER

    q: Annotated[str | None, Field(max_length=200, description="Text within the slug or the name.")] = None
    status: Annotated[TenantStatus | None, Field(description="Only those that stand here.")] = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(self.status, self.q)
