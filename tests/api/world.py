"""Several tenants with their people, made and used over HTTP alone."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx

from tests.api.client import PASSWORD, V1, Client
from weftline.api.app import Application

REASON = {"X-Reason": "Ticket 4711"}


class Person(Client):
    """Somebody who has signed in."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__(http)
        self.id = ""
        self.email = ""

    async def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.http.patch(V1 + path, json=body, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.delete(V1 + path, **options)

    async def made(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
        """Make something that there is room for."""
        answer = await self.post(path, body, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def log(self, action: str) -> list[dict[str, Any]]:
        """The tenant's audit entries of an action, the newest first."""
        answer = await self.get("/audit", params={"action": action})
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


class World:
    """A platform, with an operator who sees everything.

    Args:
        application: the API.
        opened: closes what is opened for its people.
    """

    operator: Person

    def __init__(self, application: Application, opened: AsyncExitStack) -> None:
        self.application = application
        self._opened = opened

    async def begin(self) -> World:
        """Make the account that a platform begins with: administrator of the default tenant, and operator."""
        self.operator = await self.somebody()
        await self.operator.become_first_administrator(self.application)
        await self._identify(self.operator)
        return self

    async def found(self, slug: str, **fields: Any) -> Person:
        """A new tenant; returns its administrator, ``admin@<slug>.example``."""
        email = f"admin@{slug}.example"
        admin = {"email": email, "name": "Administrator", "password": PASSWORD}
        await self.operator.made("/tenants", {"name": slug.capitalize(), "slug": slug, "admin": admin, **fields})
        return await self.sign_in(email, tenant=slug)

    async def join(self, slug: str, name: str, *roles: str, **fields: Any) -> Person:
        """A new member of a tenant, ``<name>@<slug>.example``."""
        email = f"{name}@{slug}.example"
        body = {"email": email, "name": name, "password": PASSWORD, "roles": roles, **fields}
        await self.operator.made(f"/tenants/{slug}/members", body, headers=REASON)
        return await self.sign_in(email, tenant=slug)

    async def sign_in(self, email: str, **fields: Any) -> Person:
        """Somebody who has an account, signed in."""
        person = await self.somebody()
        await person.sign_in(email, **fields)
        await self._identify(person)
        return person

    async def with_key(self, key: str) -> Person:
        """A program that has an API key."""
        program = await self.somebody()
        program.http.headers["Authorization"] = f"Bearer {key}"
        return program

    async def somebody(self) -> Person:
        """Somebody who has not signed in."""
        transport = httpx.ASGITransport(self.application)
        http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        return Person(await self._opened.enter_async_context(http))

    async def _identify(self, person: Person) -> None:
        me = (await person.get("/auth/me")).json()
        person.id, person.email = me["id"], me["email"]


async def tenant_id(person: Person) -> str:
    """The tenant that somebody is signed in to."""
    return (await person.get("/auth/me")).json()["tenant"]["id"]
