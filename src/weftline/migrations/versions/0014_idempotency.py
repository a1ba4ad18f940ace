"""Answers of requests that came with an idempotency key."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# What belongs to no tenant is kept under the platform's own id, so the tenant is no foreign key.
TABLE = (
    """
    CREATE TABLE idempotency_keys (
        tenant_id       uuid        NOT NULL,
        caller          text        NOT NULL,
        key             text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
        attempt         uuid        NOT NULL,
        request         bytea       NOT NULL,
        alive_until     timestamptz NOT NULL,
        took_effect_at  timestamptz,
        answer          bytea,
        expires_at      timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, caller, key)
    )
    """,
    "CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at)",
)

OWN = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"

ROW_SECURITY = (
    "ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY own_tenant ON idempotency_keys TO weft_api USING ({OWN}) WITH CHECK ({OWN})",
    "CREATE POLICY all_tenants ON idempotency_keys TO weft_worker, weft_identity, weft_operator"
    " USING (true) WITH CHECK (true)",
)

# Whoever acts marks its key; the role that signs people in keeps the house.
GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO weft_api",
    "GRANT SELECT, UPDATE, DELETE ON idempotency_keys TO weft_identity",
    "GRANT SELECT, UPDATE (took_effect_at) ON idempotency_keys TO weft_operator, weft_worker",
)


def upgrade() -> None:
    """Creates the table with its policies and grants."""
    for statement in (*TABLE, *ROW_SECURITY, *GRANTS):
        op.execute(statement)
