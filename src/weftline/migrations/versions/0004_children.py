"""Sub-workflows, and what executions send to each other."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# parent_step is the step that started the execution, and parent_waits says whether it waits for its end.
EXECUTIONS = (
    """
    ALTER TABLE executions
        ADD COLUMN parent_id       uuid,
        ADD COLUMN parent_step     text,
        ADD COLUMN parent_waits    boolean  NOT NULL DEFAULT false,
        ADD COLUMN depth           smallint NOT NULL DEFAULT 0,
        ADD COLUMN restarted_from  uuid
    """,
    "CREATE INDEX executions_parent ON executions (tenant_id, parent_id) WHERE parent_id IS NOT NULL",
)

# What executions have decided that concerns others, until it is carried out. execution_id: whom it concerns, where that
# is one execution. refusal: why it cannot be carried out; such a row is kept for people to look at.
DISPATCHES = (
    """
    CREATE TABLE dispatches (
        tenant_id     uuid        NOT NULL,
        id            bigint      GENERATED ALWAYS AS IDENTITY,
        kind          text        NOT NULL,
        execution_id  uuid,
        payload       jsonb       NOT NULL,
        refusal       text,
        created_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    ) WITH (
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_cost_delay = 0
    )
    """,
    "CREATE INDEX dispatches_waiting ON dispatches (id) WHERE refusal IS NULL",
)

ROW_SECURITY = (
    "ALTER TABLE dispatches ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE dispatches FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_tenant ON dispatches TO weft_api
        USING (tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid)
        WITH CHECK (tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid)
    """,
    "CREATE POLICY all_tenants ON dispatches TO weft_worker USING (true) WITH CHECK (true)",
)

GRANTS = (
    "GRANT SELECT, INSERT ON dispatches TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON dispatches TO weft_worker",
)


def upgrade() -> None:
    """Extends the table of executions, and creates that of dispatches with its policies and grants."""
    for statement in (*EXECUTIONS, *DISPATCHES, *ROW_SECURITY, *GRANTS):
        op.execute(statement)
