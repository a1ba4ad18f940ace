"""Indexes for lists of tasks."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Tasks of every status are listed by when they came, or are due; those of one status have an index already.
STATEMENTS = (
    "CREATE INDEX human_tasks_created ON human_tasks (tenant_id, created_at, id)",
    "CREATE INDEX human_tasks_due ON human_tasks (tenant_id, due_at, id)",
)


def upgrade() -> None:
    """Make the indexes."""
    for statement in STATEMENTS:
        op.execute(statement)
