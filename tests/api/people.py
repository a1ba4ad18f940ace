"""Members of the default tenant, each signed in."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import httpx

from tests.api.client import PASSWORD, Client
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.services import Services
from weftline.model.ids import DEFAULT_TENANT, uuid7


class Person(Client):
    """A member who has signed in."""

    def __init__(self, http: httpx.AsyncClient, id: UUID, email: str) -> None:
        super().__init__(http)
        self.id = id
        self.email = email


class People:
    """Makes members.

    Args:
        application: that they use.
        connect: to its database.
        opened: closes what is opened for them.
    """

    def __init__(self, application: Application, connect: Connect, opened: AsyncExitStack) -> None:
        self._application = application
        self._connect = connect
        self._opened = opened

    async def join(self, name: str, *roles: str, groups: Sequence[str] = ()) -> Person:
        """A new member, ``name@example.com``.

        Args:
            name: theirs, in lower case.
            roles: in the tenant.
            groups: names; those that do not exist are made.
        """
        person_id, email = uuid7(), f"{name}@example.com"
        identity = await self._connect("weft_identity")
        await identity.execute("INSERT INTO users (id, email, name) VALUES ($1, $2, $3)", person_id, email, name)
        hashed = await self._services.passwords.hash(PASSWORD)
        await identity.execute("INSERT INTO credentials (user_id, password_hash) VALUES ($1, $2)", person_id, hashed)
        await identity.execute(
            "INSERT INTO memberships (tenant_id, user_id, roles) VALUES ($1, $2, $3)", DEFAULT_TENANT, person_id, roles
        )
        for group in groups:
            await self._enter(group, person_id)
        transport = httpx.ASGITransport(self._application)
        http = await self._opened.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://localhost")
        )
        person = Person(http, person_id, email)
        await person.sign_in(email)
        return person

    async def change(self, person: Person, assignment: str) -> None:
        """Change a member's row, and let the application know."""
        identity = await self._connect("weft_identity")
        statement = f"UPDATE memberships SET {assignment} WHERE tenant_id = $1 AND user_id = $2"
        assert await identity.execute(statement, DEFAULT_TENANT, person.id) == "UPDATE 1"
        self._services.cache.forget("user", person.id)

    async def make_role(self, id: str, *, inherits: Sequence[str] = (), requires_mfa: bool = False) -> None:
        """Make a role of the tenant's own."""
        api = await self._connect("weft_api", DEFAULT_TENANT)
        await api.execute(
            "INSERT INTO roles (tenant_id, id, name, inherits, requires_mfa) VALUES ($1, $2, $2, $3, $4)",
            DEFAULT_TENANT,
            id,
            inherits,
            requires_mfa,
        )
        self._services.cache.forget("tenant", DEFAULT_TENANT)

    async def require_second_factor(self, person: Person) -> None:
        """Give a member a role that asks for a second factor."""
        await self.make_role("careful", requires_mfa=True)
        await self.change(person, "roles = roles || '{careful}'")

    async def suspend_tenant(self) -> None:
        """Suspend the default tenant, and let the application know."""
        operator = await self._connect("weft_operator")
        await operator.execute("UPDATE tenants SET status = 'suspended' WHERE id = $1", DEFAULT_TENANT)
        self._services.cache.forget("tenant", DEFAULT_TENANT)

    async def grant(self, person: Person, workflow_id: str, *permissions: str) -> None:
        """Grant a member permissions on a workflow, and let the application know."""
        api = await self._connect("weft_api", DEFAULT_TENANT)
        await api.execute(
            "INSERT INTO grants (tenant_id, id, subject_type, subject_id, permissions, workflow_id)"
            " VALUES ($1, $2, 'user', $3, $4, $5)",
            DEFAULT_TENANT,
            uuid7(),
            str(person.id),
            permissions,
            workflow_id,
        )
        self._services.cache.forget("user", person.id)

    @property
    def _services(self) -> Services:
        assert self._application.services is not None
        return self._application.services

    async def _enter(self, group: str, person_id: UUID) -> None:
        api: asyncpg.Connection = await self._connect("weft_api", DEFAULT_TENANT)
        await api.execute(
            "INSERT INTO groups (tenant_id, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            DEFAULT_TENANT,
            uuid7(),
            group,
        )
        await api.execute(
            "INSERT INTO group_members SELECT tenant_id, id, $2 FROM groups WHERE tenant_id = $1 AND name = $3",
            DEFAULT_TENANT,
            person_id,
            group,
        )
