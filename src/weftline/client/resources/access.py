"""Who may do what: roles, grants, groups and service accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weftline.client.models.access import Grant, Group, Permission, Role, ServiceAccount
from weftline.client.models.people import User
from weftline.client.operations import Colour, Resource, call, given, iteration, parsed_value
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Roles(Resource[Colour]):
    """Sets of permissions, built-in ones and the tenant's own."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[Role]:
        """Roles, page by page."""
        return self._list(Role, "roles", limit=limit)

    @call
    def get(self, id: str) -> Plan[Role]:
        """A role, by its id."""
        return self._read(Role, "GET", "roles", id)

    @call
    def create(
        self,
        id: str,
        name: str,
        *,
        permissions: Sequence[str] = (),
        inherits: Sequence[str] = (),
        description: str | None = None,
        requires_mfa: bool = False,
    ) -> Plan[Role]:
        """Make a role.

        Args:
            id: what it is given by, as ``clerk``.
            name: what people call it.
            permissions: what it allows, as ``execution:read``.
            inherits: roles whose permissions it has too.
            description: what it is for.
            requires_mfa: it counts only for who has signed in with a second factor.
        """
        body = {"id": id, **_role(name, permissions, inherits, description, requires_mfa)}
        return self._read(Role, "POST", "roles", body=body)

    @call
    def replace(
        self,
        id: str,
        name: str,
        *,
        permissions: Sequence[str] = (),
        inherits: Sequence[str] = (),
        description: str | None = None,
        requires_mfa: bool = False,
    ) -> Plan[Role]:
        """Make a role of the tenant's another; see :meth:`create`."""
        body = _role(name, permissions, inherits, description, requires_mfa)
        return self._read(Role, "PUT", "roles", id, body=body)

    @call
    def remove(self, id: str) -> Plan[Role]:
        """Take a role of the tenant's away; returns what it was."""
        return self._read(Role, "DELETE", "roles", id)

    @call
    def permissions(self) -> Plan[Sequence[Permission]]:
        """Everything that can be allowed."""
        answer = yield from self._ask("GET", "permissions")
        return [parsed_value(Permission, item, answer.host) for item in answer.page()[0]]


class Grants(Resource[Colour]):
    """Permissions that are given apart from roles."""

    @iteration
    def list(
        self,
        *,
        subject_type: str | None = None,
        subject_id: str | None = None,
        workflow: str | None = None,
        limit: int | None = None,
    ) -> Listing[Grant]:
        """Grants, page by page.

        Args:
            subject_type: only to ``user``, ``group``, ``role`` or ``service_account``.
            subject_id: only to this one.
            workflow: only for this workflow.
            limit: at most so many; None for all.
        """
        query = {"subjectType": subject_type, "subjectId": subject_id, "workflowId": workflow}
        return self._list(Grant, "grants", limit=limit, query=query)

    @call
    def get(self, id: str) -> Plan[Grant]:
        """A grant, by its id."""
        return self._read(Grant, "GET", "grants", id)

    @call
    def create(
        self, subject_type: str, subject_id: str, permissions: Sequence[str], *, workflow: str | None = None
    ) -> Plan[Grant]:
        """Give permissions.

        Args:
            subject_type: to ``user``, ``group``, ``role`` or ``service_account``.
            subject_id: to which of them.
            permissions: what is allowed.
            workflow: only for this workflow; None for all.
        """
        body = {"subjectType": subject_type, "subjectId": subject_id, "permissions": permissions}
        return self._read(Grant, "POST", "grants", body={**body, **given(workflowId=workflow)})

    @call
    def remove(self, id: str) -> Plan[Grant]:
        """Take what was given back; returns what it was."""
        return self._read(Grant, "DELETE", "grants", id)


class Groups(Resource[Colour]):
    """Members who are addressed together."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[Group]:
        """Groups, page by page."""
        return self._list(Group, "groups", limit=limit)

    @call
    def get(self, id: str) -> Plan[Group]:
        """A group, by its id."""
        return self._read(Group, "GET", "groups", id)

    @call
    def create(self, name: str, *, roles: Sequence[str] = (), description: str | None = None) -> Plan[Group]:
        """Make a group.

        Args:
            name: what people call it.
            roles: what all of its members have.
            description: what it is for.
        """
        return self._read(Group, "POST", "groups", body={"name": name, "roles": roles, "description": description})

    @call
    def replace(self, id: str, name: str, *, roles: Sequence[str] = (), description: str | None = None) -> Plan[Group]:
        """Make a group another; its members stay. See :meth:`create`."""
        body = {"name": name, "roles": roles, "description": description}
        return self._read(Group, "PUT", "groups", id, body=body)

    @call
    def remove(self, id: str) -> Plan[Group]:
        """Take a group away; returns what it was."""
        return self._read(Group, "DELETE", "groups", id)

    @iteration
    def members(self, id: str, *, limit: int | None = None) -> Listing[User]:
        """Who is in a group."""
        return self._list(User, "groups", id, "members", limit=limit)

    @call
    def add(self, id: str, user: str) -> Plan[User]:
        """Put a member of the tenant into a group."""
        return self._read(User, "PUT", "groups", id, "members", user)

    @call
    def take_out(self, id: str, user: str) -> Plan[User]:
        """Take somebody out of a group."""
        return self._read(User, "DELETE", "groups", id, "members", user)


class ServiceAccounts(Resource[Colour]):
    """Programs that have roles as people have. Their keys are made with ``client.api_keys``."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[ServiceAccount]:
        """Service accounts, page by page."""
        return self._list(ServiceAccount, "service-accounts", limit=limit)

    @call
    def get(self, id: str) -> Plan[ServiceAccount]:
        """A service account, by its id."""
        return self._read(ServiceAccount, "GET", "service-accounts", id)

    @call
    def create(self, name: str, *, roles: Sequence[str] = (), description: str | None = None) -> Plan[ServiceAccount]:
        """Make a service account.

        Args:
            name: which program it is.
            roles: what it may do.
            description: what it is for.
        """
        body = {"name": name, "roles": roles, "description": description}
        return self._read(ServiceAccount, "POST", "service-accounts", body=body)

    @call
    def replace(
        self,
        id: str,
        name: str,
        *,
        roles: Sequence[str] = (),
        description: str | None = None,
        status: str = "active",
    ) -> Plan[ServiceAccount]:
        """Make a service account another; ``disabled``, its keys let nobody in. See :meth:`create`."""
        body = {"name": name, "roles": roles, "description": description, "status": status}
        return self._read(ServiceAccount, "PUT", "service-accounts", id, body=body)

    @call
    def remove(self, id: str) -> Plan[ServiceAccount]:
        """Take a service account and its keys away; returns what it was."""
        return self._read(ServiceAccount, "DELETE", "service-accounts", id)


def _role(
    name: str, permissions: Sequence[str], inherits: Sequence[str], description: str | None, requires_mfa: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "permissions": permissions,
        "inherits": inherits,
        "description": description,
        "requiresMfa": requires_mfa,
    }
