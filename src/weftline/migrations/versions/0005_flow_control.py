"""What executions are found by, limits on those that run at once, and acts on many of them."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# An execution with a concurrency_key counts towards a limit; is_queued while it waits for its turn.
EXECUTIONS = (
    """
    ALTER TABLE executions
        ADD COLUMN attributes       jsonb,
        ADD COLUMN concurrency_key  text,
        ADD COLUMN is_queued        boolean NOT NULL DEFAULT false
    """,
)

# What executions are found by: tags (under the empty name) and search attributes. No index on the array or the document
# itself could serve the API's role: row-level security lets only leakproof operators reach an index, and those of
# arrays and documents are not.
LABELS = (
    """
    CREATE TABLE execution_labels (
        tenant_id     uuid NOT NULL,
        name          text NOT NULL,
        value         text NOT NULL,
        execution_id  uuid NOT NULL,
        PRIMARY KEY (tenant_id, name, value, execution_id)
    )
    """,
    # forced row-level security would hide the rows from their owner
    "ALTER TABLE executions NO FORCE ROW LEVEL SECURITY",
    """
    INSERT INTO execution_labels
    SELECT DISTINCT tenant_id, '', tag, id FROM executions, unnest(tags) AS tag
    """,
    "ALTER TABLE executions FORCE ROW LEVEL SECURITY",
    """
    CREATE FUNCTION follow_labels() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            DELETE FROM execution_labels l
            USING (SELECT '' AS name, tag AS value FROM unnest(OLD.tags) AS tag
                   UNION ALL SELECT key, value FROM jsonb_each_text(OLD.attributes)) AS gone
            WHERE l.tenant_id = OLD.tenant_id AND l.name = gone.name AND l.value = gone.value
              AND l.execution_id = OLD.id;
        END IF;
        INSERT INTO execution_labels
        SELECT DISTINCT NEW.tenant_id, '', tag, NEW.id FROM unnest(NEW.tags) AS tag
        UNION ALL SELECT NEW.tenant_id, key, value, NEW.id FROM jsonb_each_text(NEW.attributes);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER follow_new_labels AFTER INSERT ON executions
    FOR EACH ROW WHEN (NEW.tags IS NOT NULL OR NEW.attributes IS NOT NULL)
    EXECUTE FUNCTION follow_labels()
    """,
    """
    CREATE TRIGGER follow_changed_labels AFTER UPDATE OF tags, attributes ON executions
    FOR EACH ROW EXECUTE FUNCTION follow_labels()
    """,
)

# The row of a key is locked by whoever gives or frees one of its slots. An execution is in a slot once taken_at is set,
# and in the queue before; evicted_at is set where another takes its place, and it has been told to end.
CONCURRENCY = (
    """
    CREATE TABLE concurrency_keys (
        tenant_id    uuid    NOT NULL,
        workflow_id  text    NOT NULL,
        key          text    NOT NULL,
        slots        integer NOT NULL CHECK (slots > 0),
        PRIMARY KEY (tenant_id, workflow_id, key)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE concurrency_slots (
        tenant_id     uuid        NOT NULL,
        execution_id  uuid        NOT NULL,
        workflow_id   text        NOT NULL,
        key           text        NOT NULL,
        priority      smallint    NOT NULL,
        queued_at     timestamptz NOT NULL,
        taken_at      timestamptz,
        evicted_at    timestamptz,
        PRIMARY KEY (tenant_id, execution_id)
    ) WITH (
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_cost_delay = 0
    )
    """,
    """
    CREATE INDEX concurrency_slots_taken ON concurrency_slots (tenant_id, workflow_id, key)
        WHERE taken_at IS NOT NULL
    """,
    """
    CREATE INDEX concurrency_slots_queue
        ON concurrency_slots (tenant_id, workflow_id, key, priority DESC, queued_at, execution_id)
        WHERE taken_at IS NULL
    """,
)

# The items of an operation are numbered; those up to done have been dealt with and are gone.
BULK = (
    """
    CREATE TABLE bulk_operations (
        tenant_id     uuid        NOT NULL,
        id            uuid        NOT NULL,
        act           text        NOT NULL,
        filter        jsonb       NOT NULL,
        reason        text,
        status        text        NOT NULL DEFAULT 'running'
                      CHECK (status IN ('running', 'completed', 'cancelled')),
        total         integer     NOT NULL,
        done          integer     NOT NULL DEFAULT 0,
        failed        integer     NOT NULL DEFAULT 0,
        actor_kind    text        NOT NULL,
        actor_id      uuid,
        actor         text        NOT NULL,
        created_at    timestamptz NOT NULL,
        completed_at  timestamptz,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX bulk_operations_running ON bulk_operations (id) WHERE status = 'running'",
    """
    CREATE TABLE bulk_items (
        tenant_id     uuid    NOT NULL,
        operation_id  uuid    NOT NULL,
        number        integer NOT NULL,
        execution_id  uuid    NOT NULL,
        PRIMARY KEY (tenant_id, operation_id, number),
        FOREIGN KEY (tenant_id, operation_id) REFERENCES bulk_operations (tenant_id, id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE bulk_failures (
        tenant_id     uuid    NOT NULL,
        operation_id  uuid    NOT NULL,
        number        integer NOT NULL,
        execution_id  uuid    NOT NULL,
        code          text    NOT NULL,
        message       text    NOT NULL,
        PRIMARY KEY (tenant_id, operation_id, number),
        FOREIGN KEY (tenant_id, operation_id) REFERENCES bulk_operations (tenant_id, id) ON DELETE CASCADE
    )
    """,
)

TENANT_TABLES = (
    "execution_labels",
    "concurrency_keys",
    "concurrency_slots",
    "bulk_operations",
    "bulk_items",
    "bulk_failures",
)

GRANTS = (
    "GRANT UPDATE (tags, attributes, priority, is_queued) ON executions TO weft_api",
    # by way of the trigger
    "GRANT SELECT, INSERT, DELETE ON execution_labels TO weft_api, weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON concurrency_keys, concurrency_slots TO weft_api, weft_worker",
    "GRANT SELECT, INSERT, UPDATE (status, done, failed, completed_at) ON bulk_operations TO weft_api",
    "GRANT SELECT, INSERT, DELETE ON bulk_items TO weft_api",
    "GRANT SELECT, INSERT ON bulk_failures TO weft_api",
    # who finds out which tenants have operations to carry out
    "GRANT SELECT ON bulk_operations TO weft_worker",
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
    """Extends the table of executions, and creates those around it with their policies and grants."""
    for statement in (
        *EXECUTIONS,
        *LABELS,
        *CONCURRENCY,
        *BULK,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
    ):
        op.execute(statement)
