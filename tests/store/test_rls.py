"""Row-level security, read from the live catalogue and tried with the two roles."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest

from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.roles import API_ROLE, WORKER_ROLE

if TYPE_CHECKING:
    from tests.conftest import Connect

OTHER_TENANT = UUID("00000000-0000-7000-8000-0000000000aa")

# every table that holds tenants' rows, with the column that names the tenant and how it is protected
TENANT_TABLES = """
SELECT c.relname AS name, a.attname AS key, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       ARRAY(SELECT p.attname FROM pg_index i
             JOIN pg_attribute p ON p.attrelid = c.oid AND p.attnum = i.indkey[0]
             WHERE i.indrelid = c.oid AND i.indisprimary) AS first_of_primary_key,
       ARRAY(SELECT r::text FROM pg_policies, unnest(roles) AS r
             WHERE schemaname = 'public' AND tablename = c.relname ORDER BY r) AS policy_roles
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
    AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY c.relname
"""

# a minimal row of every tenant-owned table: without one here, a new table fails the tests
ROWS = {
    "workflow_templates": "(tenant_id, id, name) VALUES ($1, 't', 'T')",
    "workflow_versions": (
        "(tenant_id, template_id, version_number, definition, definition_hash) VALUES ($1, 't', 1, '{}', 'h')"
    ),
    "executions": ("(tenant_id, id, workflow_id, version_number, input) VALUES ($1, gen_random_uuid(), 't', 1, '{}')"),
    "events": ("(tenant_id, execution_id, seq, type, occurred_at) VALUES ($1, gen_random_uuid(), 1, 'X', now())"),
    "inbox": "(tenant_id, execution_id, seq, kind) VALUES ($1, gen_random_uuid(), 1, 'signal')",
    "event_subscriptions": ("(tenant_id, execution_id, step_id, name) VALUES ($1, gen_random_uuid(), 's', 'n')"),
    "human_tasks": (
        "(tenant_id, id, execution_id, workflow_id, step_id, name)"
        " VALUES ($1, gen_random_uuid(), gen_random_uuid(), 't', 's', 'n')"
    ),
}


async def insert_rows(connect: Connect, tenant: UUID) -> None:
    """One row of ``tenant`` in every tenant-owned table, by whichever role may write it."""
    api = await connect(API_ROLE, tenant)
    worker = await connect(WORKER_ROLE)
    for table, row in ROWS.items():
        try:
            await worker.execute(f"INSERT INTO {table} {row}", tenant)
        except asyncpg.InsufficientPrivilegeError:
            await api.execute(f"INSERT INTO {table} {row}", tenant)


async def test_every_tenant_table_is_under_forced_row_level_security(connect: Connect) -> None:
    tables = await (await connect()).fetch(TENANT_TABLES)
    assert {table["name"] for table in tables} == {"tenants", *ROWS}
    for table in tables:
        assert table["enabled"] and table["forced"], table["name"]
        assert table["policy_roles"] == [API_ROLE, WORKER_ROLE], table["name"]


async def test_every_tenant_tables_primary_key_begins_with_the_tenant(connect: Connect) -> None:
    for table in await (await connect()).fetch(TENANT_TABLES):
        assert table["first_of_primary_key"] == [table["key"]], table["name"]


async def test_neither_role_can_log_in_own_anything_or_bypass_row_level_security(connect: Connect) -> None:
    roles = await (await connect()).fetch(
        """
        SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
               EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) AS owns_tables
        FROM pg_roles r WHERE rolname = ANY ($1)
        """,
        [API_ROLE, WORKER_ROLE],
    )
    assert len(roles) == 2
    for role in roles:
        assert not any(value for name, value in role.items() if name != "rolname"), dict(role)


async def test_neither_role_is_a_member_of_the_other(connect: Connect) -> None:
    connection = await connect()
    assert not await connection.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", API_ROLE, WORKER_ROLE)
    assert not await connection.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", WORKER_ROLE, API_ROLE)


async def test_without_a_tenant_the_api_sees_no_row(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    api = await connect(API_ROLE)
    for table in ("tenants", *ROWS):
        assert await api.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_without_a_tenant_the_api_can_insert_no_row(connect: Connect) -> None:
    api = await connect(API_ROLE)
    for table, row in ROWS.items():
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await api.execute(f"INSERT INTO {table} {row}", DEFAULT_TENANT)


async def test_a_tenant_left_over_from_an_earlier_transaction_counts_as_none(connect: Connect) -> None:
    api = await connect(API_ROLE)
    async with api.transaction():
        await api.execute(f"SET LOCAL app.current_tenant = '{DEFAULT_TENANT}'")
        assert await api.fetchval("SELECT count(*) FROM tenants") == 1
    assert await api.fetchval("SELECT count(*) FROM tenants") == 0


async def test_the_api_sees_its_own_tenants_rows_and_nobody_elses(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    owner, stranger = await connect(API_ROLE, DEFAULT_TENANT), await connect(API_ROLE, OTHER_TENANT)
    for table in ("tenants", *ROWS):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 1, table
        assert await stranger.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_the_api_cannot_write_a_row_into_another_tenant(connect: Connect) -> None:
    stranger = await connect(API_ROLE, OTHER_TENANT)
    for table, row in ROWS.items():
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.execute(f"INSERT INTO {table} {row}", DEFAULT_TENANT)


async def test_the_api_cannot_change_another_tenants_rows(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    stranger = await connect(API_ROLE, OTHER_TENANT)
    assert await stranger.execute("UPDATE executions SET inbox_seq = 9") == "UPDATE 0"
    assert await stranger.execute("UPDATE human_tasks SET status = 'cancelled'") == "UPDATE 0"
    assert await stranger.execute("UPDATE workflow_templates SET name = 'mine'") == "UPDATE 0"


async def test_the_api_cannot_move_a_row_to_another_tenant(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    api = await connect(API_ROLE, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute("UPDATE human_tasks SET tenant_id = $1", OTHER_TENANT)


async def test_the_worker_sees_every_tenants_rows(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    await insert_rows(connect, OTHER_TENANT)
    worker = await connect(WORKER_ROLE)
    for table in ROWS:
        assert await worker.fetchval(f"SELECT count(*) FROM {table}") == 2, table


@pytest.mark.parametrize("role", [API_ROLE, WORKER_ROLE])
@pytest.mark.parametrize("statement", ["UPDATE events SET type = 'Y'", "DELETE FROM events", "TRUNCATE events"])
async def test_nobody_can_change_history(connect: Connect, role: str, statement: str) -> None:
    connection = await connect(role, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


async def test_the_api_cannot_write_history(connect: Connect) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute(f"INSERT INTO events {ROWS['events']}", DEFAULT_TENANT)


@pytest.mark.parametrize("assignment", ["status = 'completed'", "owner = gen_random_uuid()", "output = '{}'"])
async def test_the_api_cannot_change_what_only_a_worker_decides(connect: Connect, assignment: str) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute(f"UPDATE executions SET {assignment}")


async def test_the_api_can_send_an_execution_a_message(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    api = await connect(API_ROLE, DEFAULT_TENANT)
    message = """
        WITH target AS (
            UPDATE executions SET inbox_seq = inbox_seq + 1, wake_at = now() RETURNING tenant_id, id, inbox_seq
        )
        INSERT INTO inbox (tenant_id, execution_id, seq, kind) SELECT tenant_id, id, inbox_seq, 'signal' FROM target
    """
    assert await api.execute(message) == "INSERT 0 1"


async def test_only_the_worker_registers_workers(connect: Connect) -> None:
    register = "INSERT INTO workers (id, name, host, pid, lease_until) VALUES ($1, 'w', 'h', 1, now())"
    await (await connect(WORKER_ROLE)).execute(register, uuid7())
    api = await connect(API_ROLE)
    assert await api.fetchval("SELECT count(*) FROM workers") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute(register, uuid7())


async def test_neither_role_can_create_tables(connect: Connect) -> None:
    for role in (API_ROLE, WORKER_ROLE):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await (await connect(role)).execute("CREATE TABLE mine (id int)")
