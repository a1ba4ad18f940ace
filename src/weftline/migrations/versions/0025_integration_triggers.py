"""Triggers that integrations offer."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# What fires such a trigger, beside its row in triggers. fingerprint: of what it looks at; the cursor is kept as long as
# that is the same. next_at: when a worker is to look again, or listen; while one does, until when it has it to itself;
# null where nobody has to. holder: who has it. waits_for: the connection without which nobody can look; held: why.
TABLES = (
    """
    CREATE TABLE integration_triggers (
        tenant_id      uuid        NOT NULL,
        trigger_id     uuid        NOT NULL,
        kind           text        NOT NULL CHECK (kind IN ('POLLING', 'EVENT', 'WEBHOOK')),
        fingerprint    bytea       NOT NULL,
        cursor         jsonb,
        next_at        timestamptz,
        holder         uuid,
        waits_for      uuid,
        held           jsonb,
        failures       integer     NOT NULL DEFAULT 0,
        last_run_at    timestamptz,
        last_error     jsonb,
        last_error_at  timestamptz,
        received       bigint      NOT NULL DEFAULT 0,
        duplicates     bigint      NOT NULL DEFAULT 0,
        rejected       bigint      NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant_id, trigger_id),
        FOREIGN KEY (tenant_id, trigger_id) REFERENCES triggers (tenant_id, id) ON DELETE CASCADE
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX integration_triggers_due ON integration_triggers (kind, next_at) WHERE next_at IS NOT NULL",
    """
    CREATE INDEX integration_triggers_waiting ON integration_triggers (tenant_id, waits_for)
        WHERE waits_for IS NOT NULL
    """,
)

# error: why an event of another system started nothing
CHANGES = (
    "ALTER TABLE triggers DROP CONSTRAINT triggers_type_check",
    """
    ALTER TABLE triggers ADD CONSTRAINT triggers_type_check
        CHECK (type IN ('manual', 'schedule', 'event', 'webhook', 'integration'))
    """,
    "ALTER TABLE trigger_receipts ADD COLUMN error jsonb, ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now()",
    """
    CREATE INDEX trigger_receipts_rejected ON trigger_receipts (tenant_id, trigger_id, seen_at)
        WHERE error IS NOT NULL
    """,
)

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON integration_triggers TO weft_api",
    "GRANT SELECT, UPDATE ON integration_triggers TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON trigger_receipts TO weft_worker",
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
    """Creates the table with its policies and grants, and lets triggers be of the new type."""
    for statement in (*TABLES, *CHANGES, *_row_security("integration_triggers"), *GRANTS):
        op.execute(statement)
