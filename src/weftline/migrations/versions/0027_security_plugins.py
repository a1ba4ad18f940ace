"""Whom plugins have signed in, what they are told of, and what went wrong with parts of them."""

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

# Somebody whom a plugin's way to sign in knows by `subject`, and whose account that is; login is what they gave last.
LINKED = (
    """
    CREATE TABLE linked_identities (
        tenant_id     uuid        NOT NULL REFERENCES tenants (id),
        provider      text        NOT NULL,
        subject       text        NOT NULL,
        user_id       uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        login         text        NOT NULL,
        created_at    timestamptz NOT NULL DEFAULT now(),
        last_used_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, provider, subject)
    )
    """,
    "CREATE INDEX linked_identities_user ON linked_identities (user_id)",
)

# A plugin is told of events as webhooks are, by a row of its own in each tenant, which has neither address nor secret.
HOOKS = (
    """
    ALTER TABLE webhooks
        ADD COLUMN plugin_id text,
        ALTER COLUMN url DROP NOT NULL,
        ALTER COLUMN secret_sealed DROP NOT NULL,
        ADD CONSTRAINT webhooks_told CHECK (
            CASE WHEN plugin_id IS NULL THEN num_nulls(url, secret_sealed) = 0
                 ELSE num_nonnulls(url, secret_sealed) = 0 END
        )
    """,
    "CREATE UNIQUE INDEX webhooks_plugin ON webhooks (tenant_id, plugin_id) WHERE plugin_id IS NOT NULL",
)

TENANT_TABLES = ("plugin_faults", "linked_identities")

OWN = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_faults TO weft_api, weft_worker, weft_identity",
    "GRANT SELECT ON linked_identities TO weft_api",
    "GRANT INSERT ON webhooks TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON linked_identities TO weft_identity",
)


def _row_security(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_tenant ON {table} TO weft_api USING ({OWN}) WITH CHECK ({OWN})",
        f"CREATE POLICY all_tenants ON {table} TO weft_worker, weft_identity, weft_operator"
        " USING (true) WITH CHECK (true)",
    )


def upgrade() -> None:
    """Creates the tables with their policies and grants."""
    security = (statement for table in TENANT_TABLES for statement in _row_security(table))
    for statement in (FAULTS, *LINKED, *HOOKS, *security, *GRANTS):
        op.execute(statement)
