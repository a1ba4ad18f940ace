"""Working copies of definitions, and what the feed tells of drafts."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# What somebody is at work on, saved every few seconds, valid or not. It goes with its owner's membership.
TABLE = (
    """
    CREATE TABLE working_copies (
        tenant_id         uuid        NOT NULL,
        workflow_id       text        NOT NULL,
        owner_id          uuid        NOT NULL,
        id                uuid        NOT NULL,
        definition        jsonb       NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
        based_on_version  integer,
        based_on_etag     text,
        etag              integer     NOT NULL DEFAULT 1,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, workflow_id, owner_id),
        FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX working_copies_owner ON working_copies (tenant_id, owner_id)",
)

OWN = "tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid"

ROW_SECURITY = (
    "ALTER TABLE working_copies ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE working_copies FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY own_tenant ON working_copies TO weft_api USING ({OWN}) WITH CHECK ({OWN})",
    "CREATE POLICY all_tenants ON working_copies TO weft_worker, weft_identity, weft_operator"
    " USING (true) WITH CHECK (true)",
)

GRANTS = ("GRANT SELECT, INSERT, UPDATE, DELETE ON working_copies TO weft_api",)

# Of workflows, names tell what happened to them, and subjects who did it; where there are none, they were published.
DRAFTS = (
    """
    CREATE FUNCTION feed_changed_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.published_at IS NULL
           AND (TG_OP = 'INSERT' OR NEW.definition_hash IS DISTINCT FROM OLD.definition_hash) THEN
            INSERT INTO feed (tenant_id, kind, names, workflows)
            VALUES (NEW.tenant_id, 'workflows', ARRAY['workflow.changed'], ARRAY[NEW.template_id]);
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER feed_changed_drafts AFTER INSERT OR UPDATE OF definition_hash ON workflow_versions
    FOR EACH ROW EXECUTE FUNCTION feed_changed_drafts()
    """,
)


def upgrade() -> None:
    """Creates the table with its policies and grants, and the trigger."""
    for statement in (*TABLE, *ROW_SECURITY, *GRANTS, *DRAFTS):
        op.execute(statement)
