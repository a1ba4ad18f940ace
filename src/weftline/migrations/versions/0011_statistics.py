"""Statistics of executions and their steps."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# node_id: '' for the execution as a whole. hour: in which it happened, by its beginning. Durations are microseconds, of
# what completed; buckets, with how many are in each, are those of ``weftline.model.histogram``.
FIGURES = """
        started          bigint      NOT NULL,
        completed        bigint      NOT NULL,
        failed           bigint      NOT NULL,
        timed_out        bigint      NOT NULL,
        cancelled        bigint      NOT NULL,
        skipped          bigint      NOT NULL,
        rolled_back      bigint      NOT NULL,
        retried          bigint      NOT NULL,
        duration_sum     bigint      NOT NULL,
        duration_min     bigint,
        duration_max     bigint,
        buckets          integer[]   NOT NULL DEFAULT '{}',
        numbers          bigint[]    NOT NULL DEFAULT '{}',
"""

ENTRY = """
        node_id text, started bigint, completed bigint, failed bigint, timed_out bigint, cancelled bigint,
        skipped bigint, rolled_back bigint, retried bigint, duration_sum bigint, duration_min bigint,
        duration_max bigint, buckets integer[], numbers bigint[]
"""

# What a commit adds is a row of its own, so that no two commits wait for each other; such rows are summed soon after.
# counts: an array with an object for each node_id. running: by how many the number of those that run has changed.
TABLES = (
    """
    CREATE TABLE statistics_deltas (
        tenant_id       uuid        NOT NULL,
        id              bigint      GENERATED ALWAYS AS IDENTITY,
        workflow_id     text        NOT NULL,
        version_number  integer     NOT NULL,
        hour            timestamptz NOT NULL,
        running         integer     NOT NULL,
        counts          jsonb       NOT NULL,
        PRIMARY KEY (tenant_id, id)
    ) WITH (
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_cost_delay = 0
    )
    """,
    f"""
    CREATE TABLE statistics (
        tenant_id        uuid        NOT NULL,
        workflow_id      text        NOT NULL,
        version_number   integer     NOT NULL,
        node_id          text        NOT NULL,
        hour             timestamptz NOT NULL,
        {FIGURES}
        PRIMARY KEY (tenant_id, workflow_id, version_number, node_id, hour)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX statistics_hour ON statistics (tenant_id, hour)",
    """
    CREATE TABLE statistics_running (
        tenant_id       uuid    NOT NULL,
        workflow_id     text    NOT NULL,
        version_number  integer NOT NULL,
        running         bigint  NOT NULL,
        PRIMARY KEY (tenant_id, workflow_id, version_number)
    ) WITH (fillfactor = 50)
    """,
    # whoever reads it needs what is in both, and sees of them what row-level security lets through
    f"""
    CREATE VIEW statistics_entries WITH (security_invoker = true) AS
    SELECT s.tenant_id, s.workflow_id, s.version_number, s.node_id, s.hour, s.started, s.completed, s.failed,
           s.timed_out, s.cancelled, s.skipped, s.rolled_back, s.retried, s.duration_sum, s.duration_min,
           s.duration_max, s.buckets, s.numbers
    FROM statistics s
    UNION ALL
    SELECT d.tenant_id, d.workflow_id, d.version_number, e.node_id, d.hour, e.started, e.completed, e.failed,
           e.timed_out, e.cancelled, e.skipped, e.rolled_back, e.retried, e.duration_sum, e.duration_min,
           e.duration_max, e.buckets, e.numbers
    FROM statistics_deltas d CROSS JOIN LATERAL jsonb_to_recordset(d.counts) AS e({ENTRY})
    """,  # noqa: S608  # made of our own text alone
)

TENANT_TABLES = ("statistics_deltas", "statistics", "statistics_running")

GRANTS = (
    "GRANT SELECT, INSERT, DELETE ON statistics_deltas TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON statistics, statistics_running TO weft_worker",
    "GRANT SELECT ON statistics_deltas, statistics, statistics_running, statistics_entries TO weft_api, weft_operator",
)

# what began before goes on to its end, and is then one less
RUNNING = (
    "SET LOCAL ROLE weft_worker",
    """
    INSERT INTO statistics_running (tenant_id, workflow_id, version_number, running)
    SELECT e.tenant_id, e.workflow_id, e.version_number, count(*)
    FROM executions e
    WHERE e.started_at IS NOT NULL AND e.completed_at IS NULL AND e.status NOT IN ('draft', 'pending')
    GROUP BY e.tenant_id, e.workflow_id, e.version_number
    """,
    "RESET ROLE",
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
    """Creates the tables with their policies and grants, and counts what runs."""
    for statement in (
        *TABLES,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
        *RUNNING,
    ):
        op.execute(statement)
