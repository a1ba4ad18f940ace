"""When and by what connections were used last."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# Told by each worker once a minute at most. Without an execution, a trigger of the workflow has used it. Both may
# be gone by now.
CHANGES = (
    """
    ALTER TABLE connection_states
        ADD COLUMN last_used_at           timestamptz,
        ADD COLUMN last_used_workflow_id  text,
        ADD COLUMN last_used_execution_id uuid
    """,
)


def upgrade() -> None:
    """Adds the columns."""
    for statement in CHANGES:
        op.execute(statement)
