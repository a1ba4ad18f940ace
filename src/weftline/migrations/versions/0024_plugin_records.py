"""Documents that plugins keep for tenants."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# Keys are compared byte by byte, so that a page begins where the one before it ended, whatever the database's language.
TABLES = (
    """
    CREATE TABLE plugin_records (
        tenant_id   uuid        NOT NULL REFERENCES tenants (id),
        plugin_id   text        NOT NULL,
        collection  text        NOT NULL CHECK (collection ~ '^[a-z][a-z0-9-]{0,62}$'),
        key         text        NOT NULL COLLATE "C" CHECK (length(key) BETWEEN 1 AND 255),
        data        jsonb       NOT NULL CHECK (jsonb_typeof(data) = 'object'),
        version     bigint      NOT NULL DEFAULT 1 CHECK (version > 0),
        created_at  timestamptz NOT NULL DEFAULT now(),
        updated_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, plugin_id, collection, key)
    )
    """,
)

OWN = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"

ROW_SECURITY = (
    "ALTER TABLE plugin_records ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE plugin_records FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY own_tenant ON plugin_records TO weft_api USING ({OWN}) WITH CHECK ({OWN})",
)

GRANTS = ("GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_records TO weft_api",)


def upgrade() -> None:
    """Creates the table with its policy and grant."""
    for statement in (*TABLES, *ROW_SECURITY, *GRANTS):
        op.execute(statement)
