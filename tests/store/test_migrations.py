"""The schema's migrations, on databases of their own."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from weftline import migrations
from weftline.model.ids import DEFAULT_TENANT
from weftline.model.status import ExecutionStatus, TaskStatus, TemplateStatus
from weftline.store.roles import API_ROLE, WORKER_ROLE, RoleSetupError

if TYPE_CHECKING:
    from tests.conftest import Connect, DatabaseServer


async def test_an_empty_database_has_no_revision(empty_database: str) -> None:
    assert await migrations.current(empty_database) is None
    assert not await migrations.is_current(empty_database)


async def test_upgrading_brings_an_empty_database_to_the_head(empty_database: str) -> None:
    await migrations.upgrade(empty_database)
    assert await migrations.current(empty_database) == migrations.head()
    assert await migrations.is_current(empty_database)


async def test_upgrading_a_current_database_changes_nothing(database: str) -> None:
    await migrations.upgrade(database)
    assert await migrations.is_current(database)


async def upgrade_in_a_process_of_its_own(url: str) -> int:
    program = "import asyncio, sys; from weftline import migrations; asyncio.run(migrations.upgrade(sys.argv[1]))"
    return await (await asyncio.create_subprocess_exec(sys.executable, "-c", program, url)).wait()


async def test_several_processes_may_upgrade_one_database_at_once(empty_database: str) -> None:
    codes = await asyncio.gather(*(upgrade_in_a_process_of_its_own(empty_database) for _ in range(3)))
    assert codes == [0, 0, 0]
    assert await migrations.is_current(empty_database)


async def test_several_databases_of_one_server_may_be_upgraded_at_once(database_server: DatabaseServer) -> None:
    async with (
        database_server.fresh_database(migrated=False) as one,
        database_server.fresh_database(migrated=False) as two,
        database_server.fresh_database(migrated=False) as three,
    ):
        await asyncio.gather(*(migrations.upgrade(url) for url in (one, two, three)))
        assert all([await migrations.is_current(url) for url in (one, two, three)])


async def test_a_login_role_without_rights_is_told_what_an_administrator_should_run(
    database_server: DatabaseServer, connect: Connect, database: str
) -> None:
    owner = await connect()
    login = f"weft_test_{uuid4().hex}"
    await owner.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'secret'")
    try:
        url = make_url(database).set(username=login, password="secret")
        with pytest.raises(RoleSetupError) as refusal:
            await migrations.upgrade(url.render_as_string(hide_password=False))
        for role in (API_ROLE, WORKER_ROLE):
            assert any(f"CREATE ROLE {role}" in statement for statement in refusal.value.statements)
            assert any(f"GRANT {role} TO {login}" in statement for statement in refusal.value.statements)
            assert f"GRANT {role} TO {login}" in str(refusal.value)
    finally:
        await owner.execute(f"DROP ROLE {login}")


async def test_the_default_tenant_exists_from_the_first_migration_on(connect: Connect) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    tenants = await api.fetch("SELECT id, slug, status FROM tenants")
    assert [tuple(tenant) for tenant in tenants] == [(DEFAULT_TENANT, "default", "active")]


@pytest.mark.parametrize(
    ("table", "statuses"),
    [
        ("executions", ExecutionStatus),
        ("human_tasks", TaskStatus),
        ("workflow_templates", TemplateStatus),
    ],
)
async def test_the_database_accepts_exactly_the_models_statuses(
    connect: Connect, table: str, statuses: type[ExecutionStatus | TaskStatus | TemplateStatus]
) -> None:
    definition = await (await connect()).fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", f"{table}_status_check"
    )
    assert set(re.findall(r"'(\w+)'::text", definition)) == set(statuses)


async def publish(api: asyncpg.Connection) -> None:
    await api.execute(
        "INSERT INTO workflow_templates (tenant_id, id, name, latest_version) VALUES ($1, 't', 'T', 1)",
        DEFAULT_TENANT,
    )
    await api.execute(
        """
        INSERT INTO workflow_versions
            (tenant_id, template_id, version_number, definition, definition_hash, published_at)
        VALUES ($1, 't', 1, '{"id": "t"}', 'h', now())
        """,
        DEFAULT_TENANT,
    )


@pytest.mark.parametrize(
    "assignment",
    [
        "definition = '{}'",
        "definition_hash = 'x'",
        "published_at = NULL",
        "version_number = 2",
        "change_description = 'x'",
        "rollback_of = 1",
    ],
)
async def test_a_published_version_cannot_be_changed(connect: Connect, assignment: str) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    await publish(api)
    with pytest.raises(asyncpg.RestrictViolationError, match="version 1 of workflow t is published"):
        await api.execute(f"UPDATE workflow_versions SET {assignment}")


async def test_a_published_version_can_still_be_retired(connect: Connect) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    await publish(api)
    assert await api.execute("UPDATE workflow_versions SET is_active = false") == "UPDATE 1"


async def test_a_version_can_be_published_once_and_changed_before(connect: Connect) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    await publish(api)
    await api.execute(
        """
        INSERT INTO workflow_versions (tenant_id, template_id, version_number, definition, definition_hash)
        VALUES ($1, 't', 2, '{}', 'h')
        """,
        DEFAULT_TENANT,
    )
    draft = "version_number = 2"
    assert await api.execute(f"UPDATE workflow_versions SET definition = '[]' WHERE {draft}") == "UPDATE 1"
    assert await api.execute(f"UPDATE workflow_versions SET published_at = now() WHERE {draft}") == "UPDATE 1"
    with pytest.raises(asyncpg.RestrictViolationError):
        await api.execute(f"UPDATE workflow_versions SET definition = '{{}}' WHERE {draft}")
