"""Triggers and what they have started."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A row is what the published version declares and what became of it since. next_for: the time that the schedule names;
# next_at: when that is due, some jitter later. is_shelved: the tenant was not active when it was due. window_start and
# window_count: calls of a webhook in the minute that began then.
TABLES = (
    """
    CREATE TABLE triggers (
        tenant_id          uuid        NOT NULL,
        id                 uuid        NOT NULL,
        workflow_id        text        NOT NULL,
        key                text        NOT NULL,
        version_number     integer     NOT NULL,
        type               text        NOT NULL CHECK (type IN ('manual', 'schedule', 'event', 'webhook')),
        declaration        jsonb       NOT NULL,
        status             text        NOT NULL DEFAULT 'active'
                           CHECK (status IN ('active', 'paused', 'disabled', 'stopped', 'ended')),
        event_name         text,
        next_for           timestamptz,
        next_at            timestamptz,
        is_shelved         boolean     NOT NULL DEFAULT false,
        token_hash         bytea,
        token_sealed       bytea,
        paused_at          timestamptz,
        paused_reason      text,
        fired              bigint      NOT NULL DEFAULT 0,
        failed             bigint      NOT NULL DEFAULT 0,
        skipped            bigint      NOT NULL DEFAULT 0,
        last_fired_at      timestamptz,
        last_execution_id  uuid,
        last_error         jsonb,
        last_error_at      timestamptz,
        window_start       timestamptz,
        window_count       integer     NOT NULL DEFAULT 0,
        created_at         timestamptz NOT NULL DEFAULT now(),
        updated_at         timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, workflow_id, key),
        UNIQUE (tenant_id, token_hash)
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX triggers_due ON triggers (next_at) WHERE status = 'active' AND NOT is_shelved",
    "CREATE INDEX triggers_shelved ON triggers (tenant_id) WHERE is_shelved",
    """
    CREATE INDEX triggers_event ON triggers (tenant_id, event_name)
        WHERE event_name IS NOT NULL AND status = 'active'
    """,
    # what a webhook has seen: signatures, and the ids of deliveries with what they have started
    """
    CREATE TABLE trigger_receipts (
        tenant_id     uuid        NOT NULL,
        trigger_id    uuid        NOT NULL,
        digest        bytea       NOT NULL,
        delivery      text,
        execution_id  uuid,
        expires_at    timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, trigger_id, digest),
        FOREIGN KEY (tenant_id, trigger_id) REFERENCES triggers (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX trigger_receipts_expiry ON trigger_receipts (tenant_id, trigger_id, expires_at)",
)

EXECUTIONS = (
    """
    ALTER TABLE executions
        ADD COLUMN trigger_id   uuid,
        ADD COLUMN trigger_type text,
        ADD COLUMN scheduled_at timestamptz
    """,
    "CREATE INDEX executions_trigger ON executions (tenant_id, trigger_id, id) WHERE trigger_id IS NOT NULL",
)

TENANT_TABLES = ("triggers", "trigger_receipts")

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON triggers, trigger_receipts TO weft_api",
    "GRANT SELECT, UPDATE ON triggers TO weft_worker",
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
    """Creates the tables with their policies and grants, and lets executions name what started them."""
    for statement in (
        *TABLES,
        *EXECUTIONS,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
    ):
        op.execute(statement)
