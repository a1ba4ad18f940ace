"""Keys of tenants; variables."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# wrapped: the data key under the master key.
# value: what is no secret; sealed: what is. workflow_id: '' for the whole tenant.
# variable_versions.number: grows with every change of one of the tenant's variables, for those who keep them in memory.
TABLES = (
    """
    CREATE TABLE tenant_keys (
        tenant_id   uuid        NOT NULL REFERENCES tenants (id),
        version     integer     NOT NULL CHECK (version > 0),
        wrapped     bytea       NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        retired_at  timestamptz,
        PRIMARY KEY (tenant_id, version)
    )
    """,
    """
    CREATE TABLE variables (
        tenant_id    uuid        NOT NULL REFERENCES tenants (id),
        workflow_id  text        NOT NULL DEFAULT '',
        key          text        NOT NULL,
        id           uuid        NOT NULL,
        type         text        NOT NULL CHECK (type IN ('STRING', 'NUMBER', 'BOOLEAN', 'JSON', 'SECRET')),
        value        jsonb,
        sealed       bytea,
        description  text,
        etag         integer     NOT NULL DEFAULT 1,
        created_at   timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, workflow_id, key),
        CHECK ((type = 'SECRET') = (sealed IS NOT NULL)),
        CHECK ((type = 'SECRET') = (value IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX variables_id ON variables (tenant_id, id)",
    """
    CREATE TABLE variable_versions (
        tenant_id  uuid   NOT NULL REFERENCES tenants (id),
        number     bigint NOT NULL,
        PRIMARY KEY (tenant_id)
    )
    """,
)

TENANT_TABLES = ("tenant_keys", "variables", "variable_versions")

GRANTS = (
    "GRANT SELECT, INSERT ON tenant_keys TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON tenant_keys TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON variables TO weft_api",
    "GRANT SELECT, UPDATE (sealed) ON variables TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE ON variable_versions TO weft_api",
    "GRANT SELECT ON variable_versions TO weft_worker",
)


def _row_security(table: str) -> tuple[str, ...]:
    own = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_tenant ON {table} TO weft_api USING ({own}) WITH CHECK ({own})",
        f"CREATE POLICY all_tenants ON {table} TO weft_worker, weft_identity, weft_operator"
        " USING (true) WITH CHECK (true)",
    )


def upgrade() -> None:
    """Creates the tables with their policies and grants."""
    for statement in (
        *TABLES,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
    ):
        op.execute(statement)
