"""Steps that are carried out by processes outside."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A job stands for one attempt of a step. Its step's key is the one by which all outside know it.
#
# A lock that ran out leaves its token until somebody else fetches the job: who comes late is not in vain.
# A job that is withdrawn while somebody is at it stays until its lock has run out, so that they can be told.
TABLES = (
    """
    CREATE TABLE jobs (
        tenant_id     uuid        NOT NULL,
        id            uuid        NOT NULL,
        execution_id  uuid        NOT NULL,
        workflow_id   text        NOT NULL,
        step_id       text        NOT NULL,
        attempt       integer     NOT NULL,
        queue         text        NOT NULL,
        action        text        NOT NULL,
        input         jsonb       NOT NULL,
        has_secrets   boolean     NOT NULL DEFAULT false,
        priority      smallint    NOT NULL,
        status        text        NOT NULL DEFAULT 'available'
                                  CHECK (status IN ('available', 'locked', 'withdrawn')),
        is_held       boolean     NOT NULL DEFAULT false,
        lock_token    uuid,
        locked_by     text,
        locked_until  timestamptz,
        losses        integer     NOT NULL DEFAULT 0,
        progress      jsonb,
        created_at    timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE INDEX jobs_available ON jobs (tenant_id, queue, priority DESC, created_at, id)
        WHERE status = 'available' AND NOT is_held
    """,
    "CREATE INDEX jobs_locked ON jobs (locked_until) WHERE status <> 'available'",
    # rows come and go, and what is dead is to be reused soon
    """
    ALTER TABLE jobs SET (
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_cost_delay = 0
    )
    """,
)

GRANTS = (
    "GRANT SELECT, DELETE ON jobs TO weft_api",
    "GRANT UPDATE (status, lock_token, locked_by, locked_until, progress) ON jobs TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO weft_worker",
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
    """Creates the table with its policies and grants."""
    for statement in (*TABLES, *_row_security("jobs"), *GRANTS):
        op.execute(statement)
