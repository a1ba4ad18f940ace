"""Foundation: tenants, workflows, executions with their log, inbox and waits, human tasks, workers.

Every tenant-owned table has ``tenant_id`` first in its primary key and forced row-level security with two
policies: ``weft_api`` sees the tenant of the transaction (``app.current_tenant``), ``weft_worker`` sees
all. The owner of the tables has no policy and so sees none of their rows. Grants are the least each role
needs.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANTS = """
CREATE TABLE tenants (
    id          uuid        PRIMARY KEY,
    slug        text        NOT NULL UNIQUE,
    name        text        NOT NULL,
    status      text        NOT NULL DEFAULT 'active',
    created_at  timestamptz NOT NULL DEFAULT now()
)
"""

# The value of weftline.model.ids.DEFAULT_TENANT, frozen here: a revision never changes.
DEFAULT_TENANT = """
INSERT INTO tenants (id, slug, name) VALUES ('00000000-0000-7000-8000-000000000001', 'default', 'Default')
"""

WORKFLOW_TEMPLATES = """
CREATE TABLE workflow_templates (
    tenant_id          uuid        NOT NULL,
    id                 text        NOT NULL,
    name               text        NOT NULL,
    description        text,
    status             text        NOT NULL DEFAULT 'DRAFT'
                       CHECK (status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED', 'DEPRECATED')),
    is_active          boolean     NOT NULL DEFAULT true,
    latest_version     integer     NOT NULL DEFAULT 0 CHECK (latest_version >= 0),
    published_version  integer     CHECK (published_version BETWEEN 1 AND latest_version),
    etag               integer     NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
)
"""

WORKFLOW_VERSIONS = """
CREATE TABLE workflow_versions (
    tenant_id           uuid        NOT NULL,
    template_id         text        NOT NULL,
    version_number      integer     NOT NULL CHECK (version_number > 0),
    label               text,
    definition          jsonb       NOT NULL,
    definition_hash     text        NOT NULL,
    change_description  text,
    is_active           boolean     NOT NULL DEFAULT true,
    published_at        timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, template_id, version_number),
    FOREIGN KEY (tenant_id, template_id) REFERENCES workflow_templates (tenant_id, id)
)
"""

# Executions are pinned to a published version, so what they run must never change under them.
PUBLISHED_IS_IMMUTABLE = (
    """
    CREATE FUNCTION refuse_change_of_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'version % of workflow % is published and cannot be changed',
            OLD.version_number, OLD.template_id USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER published_version_is_kept BEFORE DELETE ON workflow_versions
        FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
        EXECUTE FUNCTION refuse_change_of_published_version()
    """,
    """
    CREATE TRIGGER published_version_is_immutable BEFORE UPDATE ON workflow_versions
        FOR EACH ROW WHEN (
            OLD.published_at IS NOT NULL
            AND (OLD.tenant_id, OLD.template_id, OLD.version_number, OLD.published_at,
                 OLD.definition_hash, OLD.definition)
                IS DISTINCT FROM
                (NEW.tenant_id, NEW.template_id, NEW.version_number, NEW.published_at,
                 NEW.definition_hash, NEW.definition)
        )
        EXECUTE FUNCTION refuse_change_of_published_version()
    """,
)

# The hottest table: no foreign keys, room in each page for HOT updates, vacuum long before a fifth is dead.
EXECUTIONS = (
    """
    CREATE TABLE executions (
        tenant_id        uuid        NOT NULL,
        id               uuid        NOT NULL,
        workflow_id      text        NOT NULL,
        version_number   integer     NOT NULL,
        status           text        NOT NULL DEFAULT 'pending'
                         CHECK (status IN ('draft', 'pending', 'running', 'waiting', 'paused',
                                           'awaiting_validation', 'submitted', 'compensating', 'rolled_back',
                                           'completed', 'failed', 'cancelled', 'timed_out')),
        priority         smallint    NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 9),
        wake_at          timestamptz,
        owner            uuid,
        clean            boolean     NOT NULL DEFAULT true,
        lost_leases      integer     NOT NULL DEFAULT 0,
        inbox_seq        integer     NOT NULL DEFAULT 0,
        inbox_seen       integer     NOT NULL DEFAULT 0,
        input            jsonb       NOT NULL,
        output           jsonb,
        error            jsonb,
        tags             text[],
        idempotency_key  text,
        snapshot         jsonb,
        snapshot_seq     integer     NOT NULL DEFAULT 0,
        current_steps    text[],
        created_at       timestamptz NOT NULL DEFAULT now(),
        started_at       timestamptz,
        completed_at     timestamptz,
        PRIMARY KEY (tenant_id, id)
    ) WITH (
        fillfactor = 70,
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01,
        autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
    )
    """,
    """
    CREATE INDEX executions_ready ON executions (priority DESC, wake_at)
        WHERE owner IS NULL AND wake_at IS NOT NULL
    """,
    "CREATE INDEX executions_owner ON executions (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX executions_workflow ON executions (tenant_id, workflow_id, id)",
    "CREATE INDEX executions_status ON executions (tenant_id, status, id)",
    """
    CREATE UNIQUE INDEX executions_idempotency_key ON executions (tenant_id, workflow_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL
    """,
)

EVENTS = """
CREATE TABLE events (
    tenant_id     uuid        NOT NULL,
    execution_id  uuid        NOT NULL,
    seq           integer     NOT NULL,
    type          text        NOT NULL,
    step_id       text,
    data          jsonb,
    occurred_at   timestamptz NOT NULL,
    format        smallint    NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, execution_id, seq)
)
"""

INBOX = """
CREATE TABLE inbox (
    tenant_id     uuid        NOT NULL,
    execution_id  uuid        NOT NULL,
    seq           integer     NOT NULL,
    kind          text        NOT NULL,
    payload       jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, execution_id, seq)
) WITH (
    autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
)
"""

EVENT_SUBSCRIPTIONS = (
    """
    CREATE TABLE event_subscriptions (
        tenant_id     uuid        NOT NULL,
        execution_id  uuid        NOT NULL,
        step_id       text        NOT NULL,
        name          text        NOT NULL,
        correlation   text,
        created_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, execution_id, step_id)
    ) WITH (
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_cost_delay = 0
    )
    """,
    "CREATE INDEX event_subscriptions_name ON event_subscriptions (tenant_id, name, correlation)",
)

HUMAN_TASKS = (
    """
    CREATE TABLE human_tasks (
        tenant_id     uuid        NOT NULL,
        id            uuid        NOT NULL,
        execution_id  uuid        NOT NULL,
        workflow_id   text        NOT NULL,
        step_id       text        NOT NULL,
        name          text        NOT NULL,
        form          jsonb,
        assign_to     text[],
        outcomes      text[],
        status        text        NOT NULL DEFAULT 'open'
                      CHECK (status IN ('open', 'claimed', 'completed', 'cancelled')),
        claimed_by    text,
        data          jsonb,
        outcome       text,
        created_at    timestamptz NOT NULL DEFAULT now(),
        due_at        timestamptz,
        claimed_at    timestamptz,
        completed_at  timestamptz,
        completed_by  text,
        PRIMARY KEY (tenant_id, id)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX human_tasks_status ON human_tasks (tenant_id, status, created_at, id)",
    "CREATE INDEX human_tasks_execution ON human_tasks (tenant_id, execution_id)",
)

# Not tenant-owned. A heartbeat rewrites its row every few seconds, hence the room in the page.
WORKERS = """
CREATE TABLE workers (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL,
    host         text        NOT NULL,
    pid          integer     NOT NULL,
    lease_until  timestamptz NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50)
"""

TENANT_KEYS = {
    "tenants": "id",
    "workflow_templates": "tenant_id",
    "workflow_versions": "tenant_id",
    "executions": "tenant_id",
    "events": "tenant_id",
    "inbox": "tenant_id",
    "event_subscriptions": "tenant_id",
    "human_tasks": "tenant_id",
}

GRANTS = (
    "GRANT USAGE ON SCHEMA public TO weft_api, weft_worker",
    "GRANT SELECT ON tenants TO weft_api, weft_worker",
    "GRANT SELECT, INSERT, UPDATE ON workflow_templates, workflow_versions TO weft_api",
    "GRANT SELECT ON workflow_templates, workflow_versions TO weft_worker",
    # A message to an execution numbers itself and wakes it; all else about an execution is the worker's.
    "GRANT SELECT, INSERT, UPDATE (inbox_seq, wake_at) ON executions TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON executions TO weft_worker",
    # Append-only: nobody may change history.
    "GRANT SELECT ON events TO weft_api",
    "GRANT SELECT, INSERT ON events TO weft_worker",
    "GRANT SELECT, INSERT ON inbox TO weft_api",
    "GRANT SELECT, INSERT, DELETE ON inbox TO weft_worker",
    "GRANT SELECT ON event_subscriptions TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON event_subscriptions TO weft_worker",
    "GRANT SELECT, UPDATE ON human_tasks TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON human_tasks TO weft_worker",
    "GRANT SELECT ON workers TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO weft_worker",
)


def _row_security(table: str, key: str) -> tuple[str, ...]:
    own = f"{key} = NULLIF(current_setting('app.current_tenant', true), '')::uuid"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_tenant ON {table} TO weft_api USING ({own}) WITH CHECK ({own})",
        f"CREATE POLICY all_tenants ON {table} TO weft_worker USING (true) WITH CHECK (true)",
    )


def upgrade() -> None:
    """Creates the tables, the default tenant, the policies and the grants."""
    statements = (
        TENANTS,
        DEFAULT_TENANT,  # before its row-level security, which would hide the table from its owner
        WORKFLOW_TEMPLATES,
        WORKFLOW_VERSIONS,
        *PUBLISHED_IS_IMMUTABLE,
        *EXECUTIONS,
        EVENTS,
        INBOX,
        *EVENT_SUBSCRIPTIONS,
        *HUMAN_TASKS,
        WORKERS,
        *(statement for table, key in TENANT_KEYS.items() for statement in _row_security(table, key)),
        *GRANTS,
    )
    for statement in statements:
        op.execute(statement)
