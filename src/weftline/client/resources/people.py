"""Tenants, the users in them, and the keys of their programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from weftline.client.models.bulk import BulkResult
from weftline.client.models.people import ApiKey, NewApiKey, Tenant, TenantConfiguration, User
from weftline.client.operations import Colour, Resource, call, given, iteration
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Tenants(Resource[Colour]):
    """Tenants: those of whoever asks, or all for those who run the platform."""

    @iteration
    def list(self, *, status: str | None = None, q: str | None = None, limit: int | None = None) -> Listing[Tenant]:
        """Tenants, page by page.

        Args:
            status: only those that stand here.
            q: only those with this text in slug or name.
            limit: at most so many; None for all.
        """
        return self._list(Tenant, "tenants", limit=limit, query={"status": status, "q": q})

    @call
    def get(self, id: str) -> Plan[Tenant]:
        """A tenant, by its id."""
        return self._read(Tenant, "GET", "tenants", id)

    @call
    def create(
        self,
        slug: str,
        name: str,
        *,
        admin: Mapping[str, Any],
        domain: str | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> Plan[Tenant]:
        """Make a tenant.

        Args:
            slug: its name in addresses.
            name: its name for people.
            admin: its first administrator, as the API takes them: ``{"email": …}``.
            domain: a host name that is its own.
            configuration: its settings, as the API takes them.
        """
        body = given(slug=slug, name=name, admin=admin, domain=domain, configuration=configuration)
        return self._read(Tenant, "POST", "tenants", body=body)

    @call
    def update(
        self,
        id: str,
        *,
        name: str | None = None,
        slug: str | None = None,
        domain: str | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> Plan[Tenant]:
        """Change a tenant; what is not given stays. See :meth:`create`."""
        body = given(name=name, slug=slug, domain=domain, configuration=configuration)
        return self._read(Tenant, "PATCH", "tenants", id, body=body)

    @call
    def configuration(self, id: str) -> Plan[TenantConfiguration]:
        """How a tenant is set up."""
        return self._read(TenantConfiguration, "GET", "tenants", id, "configuration")

    @iteration
    def members(self, id: str, *, limit: int | None = None) -> Listing[User]:
        """Members of any tenant, for those who run the platform."""
        return self._list(User, "tenants", id, "members", limit=limit)

    @call
    def add_member(
        self, id: str, email: str, roles: Sequence[str] = (), *, name: str | None = None, department: str | None = None
    ) -> Plan[User]:
        """Make somebody a member of any tenant; see ``client.users.invite``."""
        body = given(email=email, roles=roles, name=name, department=department)
        return self._read(User, "POST", "tenants", id, "members", body=body)

    @call
    def archive(self, id: str, reason: str) -> Plan[Tenant]:
        """Close a tenant: nobody gets in, and nothing runs."""
        return self._read(Tenant, "POST", "tenants", id, "archive", body={"reason": reason})

    @call
    def suspend(self, id: str, reason: str) -> Plan[Tenant]:
        """Let a tenant's executions stop at their next steps, and nobody in."""
        return self._read(Tenant, "POST", "tenants", id, "suspend", body={"reason": reason})

    @call
    def activate(self, id: str, reason: str) -> Plan[Tenant]:
        """Let a suspended tenant go on."""
        return self._read(Tenant, "POST", "tenants", id, "activate", body={"reason": reason})


class Users(Resource[Colour]):
    """Members of the tenant."""

    @iteration
    def list(
        self, *, status: str | None = None, role: str | None = None, q: str | None = None, limit: int | None = None
    ) -> Listing[User]:
        """Members, page by page.

        Args:
            status: only those that stand here.
            role: only those who are given this role.
            q: only those with this text in address or name.
            limit: at most so many; None for all.
        """
        return self._list(User, "users", limit=limit, query={"status": status, "role": role, "q": q})

    @call
    def get(self, id: str) -> Plan[User]:
        """A member, by id."""
        return self._read(User, "GET", "users", id)

    @call
    def invite(
        self, email: str, roles: Sequence[str] = (), *, name: str | None = None, department: str | None = None
    ) -> Plan[User]:
        """Make somebody a member; whoever has no account yet is written to.

        Args:
            email: who.
            roles: what they may do.
            name: what they are called.
            department: where they belong, for policies.
        """
        body = given(email=email, roles=roles, name=name, department=department)
        return self._read(User, "POST", "users", body=body)

    @call
    def update(
        self,
        id: str,
        *,
        roles: Sequence[str] | None = None,
        status: str | None = None,
        department: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Plan[User]:
        """Change what a member is; what is not given stays."""
        body = given(roles=roles, status=status, department=department, attributes=attributes)
        return self._read(User, "PATCH", "users", id, body=body)

    @call
    def invite_again(self, id: str) -> Plan[User]:
        """Write to somebody once more who has not accepted the invitation yet."""
        return self._read(User, "POST", "users", id, "invitation")

    @call
    def bulk(self, items: Sequence[Mapping[str, Any]]) -> Plan[BulkResult]:
        """Act on several members, each by itself.

        Args:
            items: as the API takes them: ``{"act": "remove", "id": …}``; up to 100.
        """
        return self._read(BulkResult, "POST", "users", "bulk", body={"items": items})

    @call
    def remove(self, id: str) -> Plan[User]:
        """End a membership; returns what it was."""
        return self._read(User, "DELETE", "users", id)


class ApiKeys(Resource[Colour]):
    """Keys by which programs get in."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[ApiKey]:
        """Keys of whoever asks, page by page."""
        return self._list(ApiKey, "api-keys", limit=limit)

    @call
    def get(self, id: str) -> Plan[ApiKey]:
        """A key, by its id, without what it is."""
        return self._read(ApiKey, "GET", "api-keys", id)

    @call
    def create(
        self, name: str, *, scopes: Sequence[str] | None = None, expires_at: datetime | None = None
    ) -> Plan[NewApiKey]:
        """Make a key; it is shown only this once.

        Args:
            name: what it is for.
            scopes: the permissions that it has at most; None for all of its owner's.
            expires_at: when it ends.
        """
        body = given(name=name, scopes=scopes, expiresAt=expires_at)
        return self._read(NewApiKey, "POST", "api-keys", body=body)

    @call
    def revoke(self, id: str) -> Plan[ApiKey]:
        """End a key."""
        return self._read(ApiKey, "DELETE", "api-keys", id)
