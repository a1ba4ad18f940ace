"""The feed: what was committed, for those who follow it."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# A row for each commit and tenant. Of events: subjects are executions, and first_seqs to last_seqs what each got. Of
# tasks: subjects are tasks, and names what happened to them. Of workflows: those that were published. The transaction's
# number tells what somebody who knew an earlier state of the database has not seen; see ``weftline.store.feed``.
# The target keeps a commit of a few hundred executions in one piece.
FEED = (
    """
    CREATE TABLE feed (
        tenant_id     uuid        NOT NULL,
        xid           xid8        NOT NULL DEFAULT pg_current_xact_id(),
        number        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
        kind          text        NOT NULL DEFAULT 'events' CHECK (kind IN ('events', 'tasks', 'workflows')),
        subjects      uuid[],
        first_seqs    integer[],
        last_seqs     integer[],
        names         text[],
        workflows     text[],
        committed_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, xid, number)
    ) WITH (toast_tuple_target = 8160)
    """,
    # ids do not compress
    "ALTER TABLE feed ALTER COLUMN subjects SET STORAGE EXTERNAL",
)

# One row for each statement, whoever runs it: the engine opens and closes tasks, people do the rest.
TASKS = (
    """
    CREATE FUNCTION feed_new_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO feed (tenant_id, kind, subjects, names)
        SELECT tenant_id, 'tasks', array_agg(id), array_agg('task.created'::text)
        FROM new_rows GROUP BY tenant_id;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION feed_changed_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO feed (tenant_id, kind, subjects, names)
        SELECT n.tenant_id, 'tasks', array_agg(n.id), array_agg(
            CASE WHEN n.status IS NOT DISTINCT FROM o.status THEN 'task.changed'
                 WHEN n.status = 'open' THEN 'task.released'
                 ELSE 'task.' || n.status
            END)
        FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
        WHERE n.status IS DISTINCT FROM o.status OR n.assign_to IS DISTINCT FROM o.assign_to
           OR n.approvals_given IS DISTINCT FROM o.approvals_given OR n.claimed_by IS DISTINCT FROM o.claimed_by
        GROUP BY n.tenant_id;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER feed_new_tasks AFTER INSERT ON human_tasks
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION feed_new_tasks()
    """,
    """
    CREATE TRIGGER feed_changed_tasks AFTER UPDATE ON human_tasks
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION feed_changed_tasks()
    """,
)

WORKFLOWS = (
    """
    CREATE FUNCTION feed_published_versions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.published_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.published_at IS NULL) THEN
            INSERT INTO feed (tenant_id, kind, workflows)
            VALUES (NEW.tenant_id, 'workflows', ARRAY[NEW.template_id]);
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER feed_published_versions AFTER INSERT OR UPDATE OF published_at ON workflow_versions
    FOR EACH ROW EXECUTE FUNCTION feed_published_versions()
    """,
)

GRANTS = (
    "GRANT SELECT, INSERT ON feed TO weft_api",
    "GRANT SELECT, INSERT, DELETE ON feed TO weft_worker",
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
    """Creates the feed, and the triggers that tell it of tasks and of published workflows."""
    for statement in (*FEED, *_row_security("feed"), *GRANTS, *TASKS, *WORKFLOWS):
        op.execute(statement)
