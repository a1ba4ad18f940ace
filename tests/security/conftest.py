"""The fixtures of the API's tests, and two tenants that must know nothing of each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest

from tests.api.client import PASSWORD, Client, running
from tests.api.conftest import (  # noqa: F401
    anonymous,
    api,
    api_options,
    connect_as_owner,
    documented,
    logs,
    mailbox,
    people,
    tenant,
    worker,
    world,
)
from tests.conftest import Connect
from weftline import connectors
from weftline.api.app import Application
from weftline.authoring.builtin import HttpSettings
from weftline.model.ids import uuid7

assert connectors.http is not None, "declares integrations by being imported"

NOWHERE = HttpSettings(allowed_hosts=frozenset({".example.com"}))


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, which calls nobody, whatever it is asked to connect to."""
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, http=NOWHERE)))
    async with running(app):
        yield app


@dataclass(frozen=True)
class House:
    """A tenant, and its administrator, signed in.

    Attributes:
        id, slug: the tenant's.
        user_id, email: the administrator's.
        admin: calls the API.
    """

    id: UUID
    slug: str
    user_id: UUID
    email: str
    admin: Client


@pytest.fixture
async def houses(application: Application, connect: Connect) -> AsyncIterator[tuple[House, House]]:
    """Two tenants."""
    async with AsyncExitStack() as opened:
        yield (
            await build(application, connect, opened, "acme"),
            await build(application, connect, opened, "umbrella"),
        )


async def build(
    application: Application,
    connect: Connect,
    opened: AsyncExitStack,
    slug: str,
) -> House:
    """A tenant with an administrator."""
    assert application.services is not None
    tenant_id, user_id, email = uuid7(), uuid7(), f"admin@{slug}.example"
    operator, identity = await connect("weft_operator"), await connect("weft_identity")
    await operator.execute("INSERT INTO tenants (id, slug, name) VALUES ($1, $2, initcap($2))", tenant_id, slug)
    await identity.execute("INSERT INTO users (id, email, name) VALUES ($1, $2, 'Administrator')", user_id, email)
    hashed = await application.services.passwords.hash(PASSWORD)
    await identity.execute("INSERT INTO credentials (user_id, password_hash) VALUES ($1, $2)", user_id, hashed)
    await identity.execute(
        "INSERT INTO memberships (tenant_id, user_id, roles) VALUES ($1, $2, '{admin}')", tenant_id, user_id
    )
    http = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost")
    admin = Client(await opened.enter_async_context(http))
    await admin.sign_in(email)
    return House(tenant_id, slug, user_id, email, admin)
