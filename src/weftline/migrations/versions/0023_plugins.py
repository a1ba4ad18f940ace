"""Which plugins are to run, and what tenants have set for them."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# A plugin that is not in `plugins` runs, and one that is not in `plugin_settings` is enabled, as it was installed.
TABLES = (
    """
    CREATE TABLE plugins (
        id          text        PRIMARY KEY,
        is_wanted   boolean     NOT NULL,
        updated_at  timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE plugin_settings (
        tenant_id      uuid        NOT NULL REFERENCES tenants (id),
        plugin_id      text        NOT NULL,
        is_enabled     boolean     NOT NULL DEFAULT true,
        configuration  jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(configuration) = 'object'),
        sealed         bytea,
        etag           integer     NOT NULL DEFAULT 1,
        updated_at     timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, plugin_id)
    )
    """,
    "CREATE INDEX plugin_settings_disabled ON plugin_settings (plugin_id) WHERE NOT is_enabled",
)

OWN = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"

ROW_SECURITY = (
    "ALTER TABLE plugin_settings ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE plugin_settings FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY own_tenant ON plugin_settings TO weft_api USING ({OWN}) WITH CHECK ({OWN})",
    "CREATE POLICY all_tenants ON plugin_settings TO weft_worker, weft_identity, weft_operator"
    " USING (true) WITH CHECK (true)",
)

GRANTS = (
    "GRANT SELECT ON plugins TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE ON plugins TO weft_operator",
    "GRANT SELECT, INSERT, UPDATE ON plugin_settings TO weft_api",
    # secrets are sealed anew
    "GRANT SELECT, UPDATE ON plugin_settings TO weft_worker",
)


def upgrade() -> None:
    """Creates the tables with their policies and grants."""
    for statement in (*TABLES, *ROW_SECURITY, *GRANTS):
        op.execute(statement)
