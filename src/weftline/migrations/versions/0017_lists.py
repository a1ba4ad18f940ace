"""Indexes for lists of executions."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Ids alone do not say what is newer: those of children are derived from their parents'. A list sorted by a time finds
# its page along the index of that time; what else it is narrowed down by stands in the index, too, behind the id, so
# that rows that do not fit are passed over without looking at them. What has not begun, or has not ended, is in none of
# the indexes of those times: an execution that runs through costs each of them one entry.
EXECUTIONS = (
    """
    ALTER TABLE executions
        ADD COLUMN execution_time_ms bigint
            GENERATED ALWAYS AS ((extract(epoch FROM completed_at - started_at) * 1000)::bigint) STORED
    """,
    "DROP INDEX executions_workflow",
    "DROP INDEX executions_status",
    "DROP INDEX executions_trigger",
    "CREATE INDEX executions_created ON executions (tenant_id, created_at, id, status, version_number)",
    "CREATE INDEX executions_workflow ON executions (tenant_id, workflow_id, created_at, id, status, version_number)",
    "CREATE INDEX executions_status ON executions (tenant_id, status, created_at, id, workflow_id, version_number)",
    """
    CREATE INDEX executions_trigger ON executions (tenant_id, trigger_id, created_at, id)
        WHERE trigger_id IS NOT NULL
    """,
    """
    CREATE INDEX executions_started_by ON executions (tenant_id, started_by, created_at, id)
        WHERE started_by IS NOT NULL
    """,
    """
    CREATE INDEX executions_started ON executions (tenant_id, started_at, id, status, workflow_id, version_number)
        WHERE started_at IS NOT NULL
    """,
    """
    CREATE INDEX executions_live ON executions (tenant_id, status, started_at, id)
        WHERE started_at IS NOT NULL AND completed_at IS NULL
    """,
    """
    CREATE INDEX executions_completed ON executions (tenant_id, completed_at, id, status, workflow_id, version_number)
        WHERE completed_at IS NOT NULL
    """,
    """
    CREATE INDEX executions_execution_time
        ON executions (tenant_id, execution_time_ms, id, status, workflow_id, version_number)
        WHERE execution_time_ms IS NOT NULL
    """,
)

# Labels are in the order of their executions: the newest of a tag's are found at once, however many it has.
LABELS = (
    # forced row-level security would hide the rows from their owner
    "ALTER TABLE executions NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE execution_labels NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE execution_labels ADD COLUMN created_at timestamptz",
    """
    UPDATE execution_labels l SET created_at = e.created_at
    FROM executions e WHERE e.tenant_id = l.tenant_id AND e.id = l.execution_id
    """,
    "DELETE FROM execution_labels WHERE created_at IS NULL",
    """
    ALTER TABLE execution_labels
        DROP CONSTRAINT execution_labels_pkey,
        ADD PRIMARY KEY (tenant_id, name, value, created_at, execution_id)
    """,
    "ALTER TABLE execution_labels FORCE ROW LEVEL SECURITY",
    "ALTER TABLE executions FORCE ROW LEVEL SECURITY",
    """
    CREATE OR REPLACE FUNCTION follow_labels() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            DELETE FROM execution_labels l
            USING (SELECT '' AS name, tag AS value FROM unnest(OLD.tags) AS tag
                   UNION ALL SELECT key, value FROM jsonb_each_text(OLD.attributes)) AS gone
            WHERE l.tenant_id = OLD.tenant_id AND l.name = gone.name AND l.value = gone.value
              AND l.created_at = OLD.created_at AND l.execution_id = OLD.id;
        END IF;
        INSERT INTO execution_labels (tenant_id, name, value, execution_id, created_at)
        SELECT DISTINCT NEW.tenant_id, '', tag, NEW.id, NEW.created_at FROM unnest(NEW.tags) AS tag
        UNION ALL
        SELECT NEW.tenant_id, key, value, NEW.id, NEW.created_at FROM jsonb_each_text(NEW.attributes);
        RETURN NULL;
    END
    $$
    """,
)


def upgrade() -> None:
    """Adds the columns and indexes by which lists are sorted."""
    for statement in (*EXECUTIONS, *LABELS):
        op.execute(statement)
