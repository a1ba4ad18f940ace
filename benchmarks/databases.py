"""Databases of their own for benchmarks that fill theirs, and the measured workflows in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_bytes

import asyncpg
from sqlalchemy import make_url

from benchmarks import workflows
from benchmarks.site import EMAIL, PASSWORD
from weftline import migrations
from weftline.features.access.caller import acting_as, almighty
from weftline.features.services import AccountOptions, open_services
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.keyring import Keyring


async def prepare(url: str) -> None:
    """Make the schema in an empty database, the first administrator, and the default tenant's workflows."""
    await migrations.upgrade(url)
    # nothing is sealed here, so no other process needs the key
    options = AccountOptions(Keyring(token_bytes(32)))
    with acting_as(almighty(DEFAULT_TENANT, "system", "benchmark")):
        async with open_services(url, None, options, background=False) as services:
            await services.accounts.create_first(EMAIL, PASSWORD)
            for definition in workflows.ALL:
                created = await services.workflows.create(DEFAULT_TENANT, definition)
                await services.workflows.publishing.publish(DEFAULT_TENANT, created.template.id)


@asynccontextmanager
async def another_database(url: str, name: str) -> AsyncIterator[str]:
    """A database beside another, prepared; dropped in the end.

    Args:
        url: of the other.
        name: plain, since it becomes part of a statement.
    """
    await _execute(url, f"CREATE DATABASE {name}")
    try:
        beside = make_url(url).set(database=name).render_as_string(hide_password=False)
        await prepare(beside)
        yield beside
    finally:
        await _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute(statement)
    finally:
        await owner.close()
