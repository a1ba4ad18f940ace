"""Many tenants and the people in them, by SQL: one after another over HTTP would take hours."""

from dataclasses import dataclass

import asyncpg

from benchmarks.site import PASSWORD
from weftline.features.identity.passwords import Passwords

PEOPLE_A_TENANT = 10
EXECUTIONS_A_TENANT = 10

TENANTS = """
    INSERT INTO tenants (id, slug, name)
    SELECT gen_random_uuid(), 'tenant-' || n, 'Tenant ' || n FROM generate_series(1, $1::int) AS n
"""
USERS = """
    INSERT INTO users (id, email, name)
    SELECT gen_random_uuid(), format('person-%s@tenant-%s.example', p, n), format('Person %s', p)
    FROM generate_series(1, $1::int) AS n CROSS JOIN generate_series(1, $2::int) AS p
"""
# one hash for all: it costs as much to check, and filling is no benchmark of hashing
CREDENTIALS = "INSERT INTO credentials (user_id, password_hash) SELECT id, $1 FROM users WHERE email LIKE 'person-%'"
MEMBERSHIPS = """
    INSERT INTO memberships (tenant_id, user_id, roles)
    SELECT t.id, u.id, ARRAY['admin']
    FROM users u JOIN tenants t ON t.slug = split_part(split_part(u.email, '@', 2), '.', 1)
    WHERE u.email LIKE 'person-%'
"""
TEMPLATES = """
    INSERT INTO workflow_templates (tenant_id, id, name, status, latest_version, published_version)
    SELECT t.id, w.id, w.name, w.status, w.latest_version, w.published_version
    FROM workflow_templates w JOIN tenants t ON t.id <> w.tenant_id
    WHERE w.id = $1
"""
VERSIONS = """
    INSERT INTO workflow_versions (tenant_id, template_id, version_number, definition, definition_hash, published_at)
    SELECT t.id, v.template_id, v.version_number, v.definition, v.definition_hash, v.published_at
    FROM workflow_versions v JOIN tenants t ON t.id <> v.tenant_id
    WHERE v.template_id = $1
"""
EXECUTIONS = """
    INSERT INTO executions (tenant_id, id, workflow_id, version_number, status, input, started_at, completed_at)
    SELECT id, gen_random_uuid(), $1, 1, 'completed', '{}', now(), now()
    FROM tenants CROSS JOIN generate_series(1, $2::int)
"""

PROTECTED = ("tenants", "users", "memberships", "workflow_templates", "workflow_versions", "executions")


@dataclass(frozen=True, slots=True)
class Population:
    """What :func:`populate` made.

    Attributes:
        tenants: how many, beside the default one.
    """

    tenants: int

    def email(self, tenant: int, person: int = 1) -> str:
        """Who may sign in, with the password of ``site``; both count from 1."""
        return f"person-{person}@tenant-{tenant}.example"


async def populate(url: str, tenants: int, workflow_id: str) -> Population:
    """Make tenants, each with people who may do everything there, a workflow, and executions that have ended.

    Args:
        url: of a database with its schema, and of its owner.
        tenants: how many.
        workflow_id: of the default tenant; every other tenant gets a copy.
    """
    passwords = Passwords()
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            # no role may fill all of them, and from its owner, too, forced row-level security hides the rows
            for table in PROTECTED:
                await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            await connection.execute(TENANTS, tenants)
            await connection.execute(USERS, tenants, PEOPLE_A_TENANT)
            await connection.execute(CREDENTIALS, hashed)
            await connection.execute(MEMBERSHIPS)
            await connection.execute(TEMPLATES, workflow_id)
            await connection.execute(VERSIONS, workflow_id)
            await connection.execute(EXECUTIONS, workflow_id, EXECUTIONS_A_TENANT)
            for table in PROTECTED:
                await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        # autovacuum would do it a minute later
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return Population(tenants)
