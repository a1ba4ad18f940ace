"""Row-level security and grants, read from the live catalogue and tried with the four roles."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest

from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.roles import API_ROLE, IDENTITY_ROLE, OPERATOR_ROLE, ROLES, WORKER_ROLE

if TYPE_CHECKING:
    from tests.conftest import Connect

OTHER_TENANT = UUID("00000000-0000-7000-8000-0000000000aa")

ALL_TENANTS_ROLES = (WORKER_ROLE, IDENTITY_ROLE, OPERATOR_ROLE)
"""Those that serve every tenant."""

# every table that holds tenants' rows, with the column that names the tenant and how it is protected
TENANT_TABLES = """
SELECT c.relname AS name, a.attname AS key, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       ARRAY(SELECT p.attname FROM pg_index i
             JOIN pg_attribute p ON p.attrelid = c.oid AND p.attnum = i.indkey[0]
             WHERE i.indrelid = c.oid AND i.indisprimary) AS first_of_primary_key
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
    AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY c.relname
"""

OWN_ROWS = "({} = (NULLIF(current_setting('app.current_tenant'::text, true), ''::text))::uuid)"
"""The condition that a row is the current tenant's, as PostgreSQL writes it."""

# permissive policies add up: a second one that the API's role comes under would open what the first keeps shut
POLICIES = """
SELECT policyname AS name, cmd, permissive, qual, with_check
FROM pg_policies
WHERE schemaname = 'public' AND tablename = $1 AND roles && ARRAY[$2, 'public']::name[]
ORDER BY policyname
"""

# not a tenant's, yet open to those who serve tenants
SHARED_TABLES = {"library_facts", "platform_settings", "public_templates", "users", "webhook_position", "workers"}

# what others' triggers add to
ROWS_MADE = {"feed": 3}

# a minimal row of every tenant-owned table: without one here, a new table fails the tests
ROWS = {
    "workflow_templates": "(tenant_id, id, name) VALUES ($1, 't', 'T')",
    "workflow_versions": (
        "(tenant_id, template_id, version_number, definition, definition_hash) VALUES ($1, 't', 1, '{}', 'h')"
    ),
    "executions": ("(tenant_id, id, workflow_id, version_number, input) VALUES ($1, gen_random_uuid(), 't', 1, '{}')"),
    "events": ("(tenant_id, execution_id, seq, type, occurred_at) VALUES ($1, gen_random_uuid(), 1, 'X', now())"),
    "feed": "(tenant_id, subjects) VALUES ($1, '{}')",
    "inbox": "(tenant_id, execution_id, seq, kind) VALUES ($1, gen_random_uuid(), 1, 'signal')",
    "triggers": "(tenant_id, id, workflow_id, key, version_number, type, declaration) VALUES"
    " ($1, $1, 't', 'k', 1, 'manual', '{}')",
    "webhooks": "(tenant_id, id, name, url, kinds, since, secret_sealed, created_by) VALUES"
    " ($1, $1, 'w', 'u', '{*}', '1:1:', '', 'a')",
    "webhook_deliveries": "(tenant_id, id, webhook_id, kind, subject, body) VALUES ($1, $1, $1, 'k', 's', '{}')",
    "webhook_attempts": "(tenant_id, delivery_id, number, started_at, duration_ms, request_headers) VALUES"
    " ($1, $1, 1, now(), 1, '{}')",
    "integration_triggers": "(tenant_id, trigger_id, kind, fingerprint) VALUES ($1, $1, 'POLLING', '')",
    "trigger_receipts": "(tenant_id, trigger_id, digest, expires_at) VALUES ($1, $1, '', now())",
    "dispatches": "(tenant_id, kind, payload) VALUES ($1, 'event', '{}')",
    "event_subscriptions": ("(tenant_id, execution_id, step_id, name) VALUES ($1, gen_random_uuid(), 's', 'n')"),
    "human_tasks": (
        "(tenant_id, id, execution_id, workflow_id, step_id, name) VALUES ($1, $1, gen_random_uuid(), 't', 's', 'n')"
    ),
    "execution_labels": "(tenant_id, name, value, created_at, execution_id) VALUES"
    " ($1, 'n', 'v', now(), gen_random_uuid())",
    "concurrency_keys": "(tenant_id, workflow_id, key, slots) VALUES ($1, 't', 'k', 1)",
    "concurrency_slots": "(tenant_id, execution_id, workflow_id, key, priority, queued_at) VALUES"
    " ($1, $1, 't', 'k', 5, now())",
    "bulk_operations": "(tenant_id, id, act, filter, total, actor_kind, actor, created_at) VALUES"
    " ($1, $1, 'cancel', '{}', 1, 'user', 'a', now())",
    "bulk_items": "(tenant_id, operation_id, number, execution_id) VALUES ($1, $1, 1, $1)",
    "bulk_failures": "(tenant_id, operation_id, number, execution_id, code, message) VALUES ($1, $1, 1, $1, 'c', 'm')",
    "task_assignees": "(tenant_id, assignee, task_id) VALUES ($1, 'a', gen_random_uuid())",
    # what others refer to bears the id of its tenant: a task, a member, a group, an operation
    "task_votes": "(tenant_id, task_id, voter_id, voter, is_approving, data, voted_at) VALUES"
    " ($1, $1, $1, 'v', true, '{}', now())",
    "task_comments": "(tenant_id, task_id, id, author, text, created_at) VALUES ($1, $1, $1, 'a', 't', now())",
    "task_delegations": "(tenant_id, task_id, id, from_name, to_id, to_name, created_at) VALUES"
    " ($1, $1, $1, 'f', $1, 't', now())",
    "task_links": "(tenant_id, id, token_hash, task_id, user_id, created_at, expires_at) VALUES"
    " ($1, $1, '', $1, $1, now(), now())",
    "memberships": "(tenant_id, user_id) VALUES ($1, $1)",
    "working_copies": "(tenant_id, workflow_id, owner_id, id, definition) VALUES ($1, 't', $1, $1, '{}')",
    "groups": "(tenant_id, id, name) VALUES ($1, $1, 'g')",
    "group_members": "(tenant_id, group_id, user_id) VALUES ($1, $1, $1)",
    "service_accounts": "(tenant_id, id, name) VALUES ($1, $1, 's')",
    "api_keys": "(tenant_id, id, name, hint, key_hash, user_id) VALUES ($1, $1, 'k', 'h', '', $1)",
    "roles": "(tenant_id, id, name) VALUES ($1, 'r', 'R')",
    "grants": "(tenant_id, id, subject_type, subject_id, permissions) VALUES ($1, $1, 'role', 'r', '{}')",
    "policies": "(tenant_id, id, name, source) VALUES ($1, $1, 'p', '')",
    "field_rules": "(tenant_id, id, field, effect) VALUES ($1, $1, 'f', 'hide')",
    "message_templates": "(tenant_id, name, channel, body) VALUES ($1, 'm', 'email', 'b')",
    "idempotency_keys": "(tenant_id, caller, key, attempt, request, alive_until, expires_at) VALUES"
    " ($1, 'c', 'k', $1, '', now(), now())",
    "tenant_keys": "(tenant_id, version, wrapped) VALUES ($1, 1, '')",
    "variables": "(tenant_id, key, id, type, value) VALUES ($1, 'k', $1, 'NUMBER', '1')",
    "variable_versions": "(tenant_id, number) VALUES ($1, 1)",
    "connection_changes": "(tenant_id, number) VALUES ($1, 1)",
    "integrations": "(tenant_id, name, title, description, category, icon, base_url, config, auth, needs_connection,"
    " api_version, format, document_sha256, left_out, left_out_total, action_count, created_by)"
    " VALUES ($1, 'i', 't', '', 'c', 'i', 'b', '{}', '[]', true, '1', 'f', '', '[]', 0, 0, 'a')",
    "integration_actions": "(tenant_id, integration, name, title, description, tags, input_schema, output_schema,"
    " operation, method, path, is_deprecated, position)"
    " VALUES ($1, 'i', 'a', 't', '', '{}', '{}', 'true', '{}', 'GET', '/', false, 0)",
    "integration_schemas": "(tenant_id, integration, name, schema, refers_to) VALUES ($1, 'i', 's', 'true', '{}')",
    "connections": "(tenant_id, id, integration, name, auth_type, created_by) VALUES ($1, $1, 'i', 'n', 'NONE', 'a')",
    "connection_states": "(tenant_id, connection_id) VALUES ($1, $1)",
    "connection_waits": "(tenant_id, connection_id, execution_id) VALUES ($1, $1, $1)",
    "connection_authorizations": "(tenant_id, id, connection_id, user_id, state_hash, browser_hash, sealed, expires_at)"
    " VALUES ($1, $1, $1, $1, '', '', '', now())",
    "plugin_settings": "(tenant_id, plugin_id) VALUES ($1, 'p')",
    "linked_identities": "(tenant_id, provider, subject, user_id, login) VALUES ($1, 'p.d', 's', $1, 'l')",
    "plugin_faults": "(tenant_id, plugin_id, part, message) VALUES ($1, 'p', 'policy p.x', 'm')",
    "plugin_records": "(tenant_id, plugin_id, collection, key, data) VALUES ($1, 'p', 'c', 'k', '{}')",
    "library_publications": "(tenant_id, id, workflow_id, visibility, name, author, latest_version, created_by)"
    " VALUES ($1, 'pp', 't', 'TENANT', 'n', 'a', 1, 'c')",
    "library_publication_versions": "(tenant_id, publication_id, number, id, workflow_version, entry, author, review,"
    " published_by) VALUES ($1, 'pp', 1, $1, 1, '{}', 'a', 'NOT_NEEDED', 'c')",
    "statistics": "(tenant_id, workflow_id, version_number, node_id, hour, started, completed, failed, timed_out,"
    " cancelled, skipped, rolled_back, retried, duration_sum)"
    " VALUES ($1, 't', 1, '', now(), 1, 0, 0, 0, 0, 0, 0, 0, 0)",
    "statistics_deltas": "(tenant_id, workflow_id, version_number, hour, running, counts) VALUES"
    " ($1, 't', 1, now(), 1, '[{}]')",
    "statistics_running": "(tenant_id, workflow_id, version_number, running) VALUES ($1, 't', 1, 1)",
    "jobs": "(tenant_id, id, execution_id, workflow_id, step_id, attempt, queue, action, input, priority, created_at)"
    " VALUES ($1, $1, $1, 't', 's', 1, 'q', 'a', '{}', 5, now())",
    "notifications": "(tenant_id, id, execution_id, workflow_id, payload) VALUES ($1, $1, $1, 't', '{}')",
}

AUDIT_TABLES = {"audit_log", "audit_heads"}
"""Tenant-owned too, but written by a function alone."""

OWNERS_POLICIES = {**{table: {"owner_appends"} for table in AUDIT_TABLES}, "connection_changes": {"owner_counts"}}
"""For the function that appends to the audit log, and for what the database itself does to rows that go with others."""

ENTRY = '[{"actor_type": "user", "action": "thing.done"}]'


async def append_audit(connection: asyncpg.Connection, tenant: UUID) -> int:
    """Append one entry to a tenant's audit log; returns its number."""
    return await connection.fetchval("SELECT append_audit($1, $2)", tenant, ENTRY)


async def insert_rows(connect: Connect, tenant: UUID) -> None:
    """One row of ``tenant`` in every tenant-owned table, by whichever role may write it."""
    api = await connect(API_ROLE, tenant)
    worker = await connect(WORKER_ROLE)
    add_tenant = "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'T') ON CONFLICT DO NOTHING"
    await (await connect(OPERATOR_ROLE)).execute(add_tenant, tenant, str(tenant))
    add_user = "INSERT INTO users (id, email, name) VALUES ($1, $2, 'U')"
    identity = await connect(IDENTITY_ROLE)
    await identity.execute(add_user, tenant, f"{tenant}@example.org")
    for table, row in ROWS.items():
        for role in (worker, api, identity):
            try:
                await role.execute(f"INSERT INTO {table} {row}", tenant)
                break
            except asyncpg.InsufficientPrivilegeError:
                assert role is not identity, table
    await append_audit(api, tenant)


async def test_every_tenant_table_is_under_forced_row_level_security(connect: Connect) -> None:
    tables = await (await connect()).fetch(TENANT_TABLES)
    assert {table["name"] for table in tables} == {"tenants", *ROWS, *AUDIT_TABLES}
    for table in tables:
        assert table["enabled"] and table["forced"], table["name"]


async def test_on_every_tenant_table_the_api_is_bound_to_the_current_tenant_in_reading_and_writing(
    connect: Connect,
) -> None:
    connection = await connect()
    for table in await connection.fetch(TENANT_TABLES):
        policies = {row["name"]: row for row in await connection.fetch(POLICIES, table["name"], API_ROLE)}
        own_rows = OWN_ROWS.format(table["key"])
        assert dict(policies.pop("own_tenant")) == {
            "name": "own_tenant",
            "cmd": "ALL",
            "permissive": "PERMISSIVE",
            "qual": own_rows,
            "with_check": own_rows,
        }, table["name"]
        # no role of ours owns a table
        assert policies.keys() <= OWNERS_POLICIES.get(table["name"], set()), table["name"]


async def test_every_tenant_tables_primary_key_begins_with_the_tenant(connect: Connect) -> None:
    for table in await (await connect()).fetch(TENANT_TABLES):
        assert table["first_of_primary_key"] == [table["key"]], table["name"]


async def test_no_role_can_log_in_own_anything_or_bypass_row_level_security(connect: Connect) -> None:
    roles = await (await connect()).fetch(
        """
        SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
               EXISTS (SELECT FROM pg_shdepend
                       WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid AND deptype = 'o') AS owns_anything
        FROM pg_roles r WHERE rolname = ANY ($1)
        """,
        ROLES,
    )
    assert len(roles) == len(ROLES) == 4
    for role in roles:
        assert not any(value for name, value in role.items() if name != "rolname"), dict(role)


async def test_no_role_is_a_member_of_another(connect: Connect) -> None:
    memberships = """
        SELECT member.rolname AS member, granted.rolname AS granted
        FROM pg_auth_members m
        JOIN pg_roles member ON member.oid = m.member
        JOIN pg_roles granted ON granted.oid = m.roleid
        WHERE member.rolname = ANY ($1)
    """
    assert await (await connect()).fetch(memberships, ROLES) == []


async def test_besides_its_tenants_rows_the_api_reads_only_what_is_meant_for_it(connect: Connect) -> None:
    readable = """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND has_any_column_privilege($1, c.oid, 'SELECT')
          -- such a view shows nobody more than the tables below it do
          AND NOT (c.relkind = 'v' AND 'security_invoker=true' = ANY (c.reloptions))
    """
    connection = await connect()
    tenant_tables = {table["name"] for table in await connection.fetch(TENANT_TABLES)}
    assert {row[0] for row in await connection.fetch(readable, API_ROLE)} - tenant_tables == SHARED_TABLES


@pytest.mark.parametrize(
    "table",
    [
        "credentials",
        "sessions",
        "refresh_tokens",
        "one_time_tokens",
        "totp_factors",
        "recovery_codes",
        "signing_keys",
        "sign_in_failures",
        "platform_operators",
        "revocations",
        "mail_outbox",
    ],
)
async def test_the_api_knows_nothing_of_how_people_sign_in(connect: Connect, table: str) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute(f"SELECT FROM {table}")


async def test_the_api_sees_people_only_as_members_of_the_current_tenant(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    await insert_rows(connect, OTHER_TENANT)
    people = "SELECT id FROM users"
    for tenant in (DEFAULT_TENANT, OTHER_TENANT):
        assert [row["id"] for row in await (await connect(API_ROLE, tenant)).fetch(people)] == [tenant]
    assert await (await connect(API_ROLE)).fetch(people) == []
    assert len(await (await connect(IDENTITY_ROLE)).fetch(people)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET name = 'mine'",
        "DELETE FROM users",
        "INSERT INTO users (id, email, name) VALUES ($1, 'e', 'n')",
    ],
)
async def test_the_api_changes_no_person(connect: Connect, statement: str) -> None:
    api = await connect(API_ROLE, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute(statement, *([DEFAULT_TENANT] if "$1" in statement else []))


async def test_without_a_tenant_the_api_sees_no_row(connect: Connect) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    api = await connect(API_ROLE)
    for table in ("tenants", *ROWS, *AUDIT_TABLES):
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
    for table in ("tenants", *ROWS, *AUDIT_TABLES):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == ROWS_MADE.get(table, 1), table
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


@pytest.mark.parametrize("role", ALL_TENANTS_ROLES)
async def test_those_who_serve_every_tenant_see_all_rows_of_what_they_may_read(connect: Connect, role: str) -> None:
    await insert_rows(connect, DEFAULT_TENANT)
    await insert_rows(connect, OTHER_TENANT)
    connection = await connect(role)
    readable = [
        table
        for table in ("tenants", *ROWS, *AUDIT_TABLES)
        if await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table)
    ]
    assert {"tenants", "memberships", "audit_log"} <= set(readable)
    for table in readable:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 2 * ROWS_MADE.get(table, 1), table


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("statement", ["UPDATE events SET type = 'Y'", "DELETE FROM events", "TRUNCATE events"])
async def test_nobody_can_change_history(connect: Connect, role: str, statement: str) -> None:
    connection = await connect(role, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", sorted(AUDIT_TABLES))
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {}"])
async def test_nobody_can_change_the_audit_log(connect: Connect, role: str, table: str, statement: str) -> None:
    await append_audit(await connect(API_ROLE, DEFAULT_TENANT), DEFAULT_TENANT)
    connection = await connect(role, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.format(table))


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_writes_an_audit_entry_of_their_own_making(connect: Connect, role: str) -> None:
    entry = """
        INSERT INTO audit_log (tenant_id, seq, occurred_at, actor_type, action, hash)
        VALUES ($1, 1, now(), 'user', 'thing.done', sha256(''))
    """
    connection = await connect(role, DEFAULT_TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(entry, DEFAULT_TENANT)


async def test_every_role_appends_to_the_same_audit_chain(connect: Connect) -> None:
    for number, role in enumerate(ROLES, start=1):
        assert await append_audit(await connect(role, DEFAULT_TENANT), DEFAULT_TENANT) == number
    entries = await (await connect(API_ROLE, DEFAULT_TENANT)).fetch("SELECT seq, hash FROM audit_log ORDER BY seq")
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4]
    assert len({entry["hash"] for entry in entries}) == 4


async def test_the_api_appends_to_no_other_tenants_audit_log(connect: Connect) -> None:
    for tenant in (DEFAULT_TENANT, None):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await append_audit(await connect(API_ROLE, tenant), OTHER_TENANT)


@pytest.mark.parametrize("role", ALL_TENANTS_ROLES)
async def test_those_who_serve_every_tenant_append_to_any_audit_log(connect: Connect, role: str) -> None:
    assert await append_audit(await connect(role), OTHER_TENANT) == 1


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


async def test_no_role_can_create_tables(connect: Connect) -> None:
    for role in ROLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await (await connect(role)).execute("CREATE TABLE mine (id int)")
