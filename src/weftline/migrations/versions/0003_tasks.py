"""Human tasks for people: who may do them, votes, comments, delegations, links from mail, escalation."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# ``assign_to`` is empty where anybody may do the task; ``is_open_to_all`` says so while it is to be done. A task that
# needs several votes has approvals_given of approvals_required. notify_at and escalate_at are set while somebody is
# still to be told.
HUMAN_TASKS = (
    # forced row-level security would hide the rows from their owner
    "ALTER TABLE human_tasks NO FORCE ROW LEVEL SECURITY",
    "UPDATE human_tasks SET assign_to = '{}' WHERE assign_to IS NULL",
    """
    ALTER TABLE human_tasks
        ALTER COLUMN assign_to SET DEFAULT '{}',
        ALTER COLUMN assign_to SET NOT NULL,
        ADD COLUMN started_by          uuid,
        ADD COLUMN claimed_by_id       uuid,
        ADD COLUMN completed_by_id     uuid,
        ADD COLUMN approvals_required  integer     NOT NULL DEFAULT 1 CHECK (approvals_required >= 1),
        ADD COLUMN approvals_given     integer     NOT NULL DEFAULT 0,
        ADD COLUMN approving_outcomes  text[]      NOT NULL DEFAULT '{}',
        ADD COLUMN four_eyes           boolean     NOT NULL DEFAULT false,
        ADD COLUMN notifies            boolean     NOT NULL DEFAULT false,
        ADD COLUMN notify_at           timestamptz,
        ADD COLUMN escalation          jsonb,
        ADD COLUMN escalate_at         timestamptz,
        ADD COLUMN escalated_at        timestamptz,
        ADD COLUMN is_open_to_all      boolean     NOT NULL
                   GENERATED ALWAYS AS (assign_to = '{}' AND status IN ('open', 'claimed')) STORED
    """,
    "CREATE INDEX human_tasks_open_to_all ON human_tasks (tenant_id) WHERE is_open_to_all",
    "CREATE INDEX human_tasks_claimed_by ON human_tasks (tenant_id, claimed_by_id) WHERE claimed_by_id IS NOT NULL",
    "CREATE INDEX human_tasks_notify ON human_tasks (notify_at) WHERE notify_at IS NOT NULL",
    "CREATE INDEX human_tasks_escalate ON human_tasks (escalate_at) WHERE escalate_at IS NOT NULL",
)

# Who is asked, while a task is to be done. No index on the array itself could serve the API's role: row-level security
# lets only leakproof operators reach an index, and those of arrays are not.
ASSIGNEES = (
    """
    CREATE TABLE task_assignees (
        tenant_id  uuid NOT NULL,
        assignee   text NOT NULL,
        task_id    uuid NOT NULL,
        PRIMARY KEY (tenant_id, assignee, task_id)
    )
    """,
    """
    INSERT INTO task_assignees
    SELECT DISTINCT tenant_id, assignee, id FROM human_tasks, unnest(assign_to) AS assignee
    WHERE status IN ('open', 'claimed')
    """,
    "ALTER TABLE human_tasks FORCE ROW LEVEL SECURITY",
    """
    CREATE FUNCTION follow_assignees() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM task_assignees a
            WHERE a.tenant_id = OLD.tenant_id AND a.assignee = ANY (OLD.assign_to) AND a.task_id = OLD.id;
        END IF;
        IF TG_OP <> 'DELETE' AND NEW.status IN ('open', 'claimed') THEN
            INSERT INTO task_assignees
            SELECT DISTINCT NEW.tenant_id, assignee, NEW.id FROM unnest(NEW.assign_to) AS assignee;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER follow_new_assignees AFTER INSERT OR DELETE ON human_tasks
    FOR EACH ROW EXECUTE FUNCTION follow_assignees()
    """,
    """
    CREATE TRIGGER follow_changed_assignees AFTER UPDATE OF assign_to, status ON human_tasks
    FOR EACH ROW
    WHEN (OLD.assign_to <> NEW.assign_to
          OR (OLD.status IN ('open', 'claimed')) <> (NEW.status IN ('open', 'claimed')))
    EXECUTE FUNCTION follow_assignees()
    """,
)

# The primary key of a vote is what lets nobody vote twice.
AROUND_TASKS = (
    """
    CREATE TABLE task_votes (
        tenant_id     uuid        NOT NULL,
        task_id       uuid        NOT NULL,
        voter_id      uuid        NOT NULL,
        voter         text        NOT NULL,
        outcome       text,
        is_approving  boolean     NOT NULL,
        data          jsonb       NOT NULL,
        comment       text,
        link_id       uuid,
        voted_at      timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, task_id, voter_id),
        FOREIGN KEY (tenant_id, task_id) REFERENCES human_tasks (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX task_votes_voter ON task_votes (tenant_id, voter_id)",
    """
    CREATE TABLE task_comments (
        tenant_id   uuid        NOT NULL,
        task_id     uuid        NOT NULL,
        id          uuid        NOT NULL,
        author_id   uuid,
        author      text        NOT NULL,
        text        text        NOT NULL,
        created_at  timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, task_id, id),
        FOREIGN KEY (tenant_id, task_id) REFERENCES human_tasks (tenant_id, id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE task_delegations (
        tenant_id   uuid        NOT NULL,
        task_id     uuid        NOT NULL,
        id          uuid        NOT NULL,
        from_id     uuid,
        from_name   text        NOT NULL,
        to_id       uuid        NOT NULL,
        to_name     text        NOT NULL,
        reason      text,
        created_at  timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, task_id, id),
        FOREIGN KEY (tenant_id, task_id) REFERENCES human_tasks (tenant_id, id) ON DELETE CASCADE
    )
    """,
    # outcome: the only one that the link can give; NULL: any
    """
    CREATE TABLE task_links (
        tenant_id   uuid        NOT NULL,
        id          uuid        NOT NULL,
        token_hash  bytea       NOT NULL,
        task_id     uuid        NOT NULL,
        user_id     uuid        NOT NULL,
        outcome     text,
        created_by  uuid,
        created_at  timestamptz NOT NULL,
        expires_at  timestamptz NOT NULL,
        used_at     timestamptz,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, token_hash),
        FOREIGN KEY (tenant_id, task_id) REFERENCES human_tasks (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX task_links_task ON task_links (tenant_id, task_id)",
)

TENANT_TABLES = ("task_assignees", "task_votes", "task_comments", "task_delegations", "task_links")

GRANTS = (
    # by way of the trigger
    "GRANT SELECT, INSERT, DELETE ON task_assignees TO weft_api, weft_worker",
    "GRANT SELECT, INSERT ON task_votes, task_comments, task_delegations TO weft_api",
    "GRANT SELECT, INSERT, UPDATE (used_at) ON task_links TO weft_api",
    # whoever is to be told must still have a say, and gets a link
    "GRANT SELECT ON task_votes, task_delegations TO weft_worker",
    "GRANT SELECT, INSERT ON task_links TO weft_worker",
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
    """Extends the table of tasks, and creates those around it with their policies and grants."""
    for statement in (
        *HUMAN_TASKS,
        *ASSIGNEES,
        *AROUND_TASKS,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
    ):
        op.execute(statement)
