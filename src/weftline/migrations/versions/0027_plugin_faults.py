"""What went wrong with parts of plugins."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# One row for each part that failed for a tenant: how it failed last, and how often since first_at.
FAULTS = """
    CREATE TABLE plugin_faults (
        tenant_id  uuid        NOT NULL REFERENCES tenants (id),
        plugin_id  text        NOT NULL,
        part       text        NOT NULL,
        message    text        NOT NULL,
        times      integer     NOT NULL DEFAULT 1,
        first_at   timestamptz NOT NULL DEFAULT now(),
        last_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, plugin_id, part)
    )
"""

OWN = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"

ROW_SECURITY = (
    "ALTER TABLE plugin_faults ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE plugin_faults FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY own_tenant ON plugin_faults TO weft_api USING ({OWN}) WITH CHECK ({OWN})",
    "CREATE POLICY all_tenants ON plugin_faults TO weft_worker, weft_identity, weft_operator"
    " USING (true) WITH CHECK (true)",
)

GRANTS = ("GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_faults TO weft_api, weft_worker, weft_identity",)


def upgrade() -> None:
    """Creates the table with its policies and grants."""
    for statement in (FAULTS, *ROW_SECURITY, *GRANTS):
        op.execute(statement)
