"""Definitions and forms keep the order of their keys; whoever leaves a visited tenant comes back to where they were."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# `jsonb` sorts keys, and so the fields of forms; `json` keeps them. It has no equality: what a published version says
# is compared as text.
ORDER_OF_KEYS = (
    "DROP TRIGGER published_version_is_immutable ON workflow_versions",
    "ALTER TABLE workflow_versions ALTER COLUMN definition TYPE json USING definition::text::json",
    """
    CREATE TRIGGER published_version_is_immutable BEFORE UPDATE ON workflow_versions
        FOR EACH ROW WHEN (
            OLD.published_at IS NOT NULL
            AND (OLD.tenant_id, OLD.template_id, OLD.version_number, OLD.published_at, OLD.label,
                 OLD.definition_hash, OLD.definition::text, OLD.change_description, OLD.rollback_of)
                IS DISTINCT FROM
                (NEW.tenant_id, NEW.template_id, NEW.version_number, NEW.published_at, NEW.label,
                 NEW.definition_hash, NEW.definition::text, NEW.change_description, NEW.rollback_of)
        )
        EXECUTE FUNCTION refuse_change_of_published_version()
    """,
    """
    ALTER TABLE working_copies
        DROP CONSTRAINT working_copies_definition_check,
        ALTER COLUMN definition TYPE json USING definition::text::json,
        ADD CONSTRAINT working_copies_definition_check CHECK (json_typeof(definition) = 'object')
    """,
    "ALTER TABLE human_tasks ALTER COLUMN form TYPE json USING form::text::json",
)

# The session in which an operator entered a tenant. No foreign key: one that is swept away leads nowhere any more.
VISITS = ("ALTER TABLE sessions ADD COLUMN came_from uuid",)


def upgrade() -> None:
    """Stores documents as they were written, and where visits began."""
    for statement in (*ORDER_OF_KEYS, *VISITS):
        op.execute(statement)
