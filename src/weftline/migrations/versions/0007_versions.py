"""Versions that go back to earlier ones; acts on many executions at once."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What a published version says of itself is part of it, as its definition is; which version is the active one is not.
VERSIONS = (
    """
    ALTER TABLE workflow_versions
        ADD COLUMN rollback_of integer CHECK (rollback_of BETWEEN 1 AND version_number - 1)
    """,
    "DROP TRIGGER published_version_is_immutable ON workflow_versions",
    """
    CREATE TRIGGER published_version_is_immutable BEFORE UPDATE ON workflow_versions
        FOR EACH ROW WHEN (
            OLD.published_at IS NOT NULL
            AND (OLD.tenant_id, OLD.template_id, OLD.version_number, OLD.published_at, OLD.label,
                 OLD.definition_hash, OLD.definition, OLD.change_description, OLD.rollback_of)
                IS DISTINCT FROM
                (NEW.tenant_id, NEW.template_id, NEW.version_number, NEW.published_at, NEW.label,
                 NEW.definition_hash, NEW.definition, NEW.change_description, NEW.rollback_of)
        )
        EXECUTE FUNCTION refuse_change_of_published_version()
    """,
)


def upgrade() -> None:
    """Lets versions name the earlier one that they are, and keeps more of what is published from changing."""
    for statement in VERSIONS:
        op.execute(statement)
