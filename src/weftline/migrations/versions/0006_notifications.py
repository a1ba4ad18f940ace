"""Messages to people and programs about executions: the tenants' words for them, and notices of failure."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# due_at: when a notice is tried next, while it is due. delivered: recipients who were told.
TABLES = (
    """
    CREATE TABLE message_templates (
        tenant_id   uuid        NOT NULL REFERENCES tenants (id),
        name        text        NOT NULL,
        channel     text        NOT NULL CHECK (channel IN ('email', 'webhook')),
        subject     text,
        body        text        NOT NULL,
        etag        integer     NOT NULL DEFAULT 1,
        created_at  timestamptz NOT NULL DEFAULT now(),
        updated_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, name)
    )
    """,
    """
    CREATE TABLE notifications (
        tenant_id     uuid        NOT NULL,
        id            uuid        NOT NULL,
        execution_id  uuid        NOT NULL,
        workflow_id   text        NOT NULL,
        payload       jsonb       NOT NULL,
        due_at        timestamptz NOT NULL DEFAULT now(),
        attempts      integer     NOT NULL DEFAULT 0,
        status        text        NOT NULL DEFAULT 'due' CHECK (status IN ('due', 'sent', 'failed')),
        delivered     text[]      NOT NULL DEFAULT '{}',
        last_error    text,
        created_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX notifications_due ON notifications (due_at) WHERE status = 'due'",
    "CREATE INDEX notifications_execution ON notifications (tenant_id, execution_id, created_at, id)",
)

TENANT_TABLES = ("message_templates", "notifications")

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON message_templates TO weft_api",
    "GRANT SELECT ON message_templates TO weft_worker",
    "GRANT SELECT ON notifications TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON notifications TO weft_worker",
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
