"""Integrations that tenants import from OpenAPI documents."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Schemas are `json`: it keeps the order of fields. What several of them refer to is in integration_schemas; refers_to:
# the names of others there. removed_at: since when the document has no such operation; definitions still call it.
TABLES = (
    """
    CREATE TABLE integrations (
        tenant_id         uuid        NOT NULL REFERENCES tenants (id),
        name              text        NOT NULL CHECK (name ~ '^[a-z][A-Za-z0-9-]{0,62}$'),
        title             text        NOT NULL,
        description       text        NOT NULL,
        category          text        NOT NULL,
        icon              text        NOT NULL,
        base_url          text        NOT NULL,
        config            json        NOT NULL,
        auth              json        NOT NULL,
        needs_connection  boolean     NOT NULL,
        docs_url          text,
        api_version       text        NOT NULL,
        format            text        NOT NULL,
        source_url        text,
        document_sha256   text        NOT NULL,
        left_out          json        NOT NULL,
        left_out_total    integer     NOT NULL,
        action_count      integer     NOT NULL,
        etag              integer     NOT NULL DEFAULT 1,
        created_by        text        NOT NULL,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, name)
    )
    """,
    """
    CREATE TABLE integration_actions (
        tenant_id      uuid        NOT NULL,
        integration    text        NOT NULL,
        name           text        NOT NULL,
        title          text        NOT NULL,
        description    text        NOT NULL,
        tags           text[]      NOT NULL,
        input_schema   json        NOT NULL,
        output_schema  json        NOT NULL,
        operation      json        NOT NULL,
        method         text        NOT NULL,
        path           text        NOT NULL,
        is_deprecated  boolean     NOT NULL,
        position       integer     NOT NULL,
        removed_at     timestamptz,
        PRIMARY KEY (tenant_id, integration, name),
        FOREIGN KEY (tenant_id, integration) REFERENCES integrations (tenant_id, name) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE integration_schemas (
        tenant_id    uuid   NOT NULL,
        integration  text   NOT NULL,
        name         text   NOT NULL,
        schema       json   NOT NULL,
        refers_to    text[] NOT NULL,
        PRIMARY KEY (tenant_id, integration, name),
        FOREIGN KEY (tenant_id, integration) REFERENCES integrations (tenant_id, name) ON DELETE CASCADE
    )
    """,
)

# those who keep integrations in memory follow the same number as those who keep connections
CHANGES = (
    """
    CREATE TRIGGER count_integration_change AFTER INSERT OR UPDATE OR DELETE ON integrations
    FOR EACH ROW EXECUTE FUNCTION count_connection_change()
    """,
)

TENANT_TABLES = ("integrations", "integration_actions", "integration_schemas")

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON integrations, integration_actions, integration_schemas TO weft_api",
    "GRANT SELECT ON integrations, integration_actions, integration_schemas TO weft_worker",
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
        *CHANGES,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
    ):
        op.execute(statement)
