"""Executions and human tasks of encrypted workflows, whose payloads are sealed."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What is sealed is a JSON string, whatever it was.
CHANGES = (
    "ALTER TABLE executions ADD COLUMN is_sealed boolean NOT NULL DEFAULT false",
    "ALTER TABLE executions DROP CONSTRAINT executions_context_check",
    "ALTER TABLE human_tasks ADD COLUMN is_sealed boolean NOT NULL DEFAULT false",
)


def upgrade() -> None:
    """Lets rows say that their payloads are sealed."""
    for statement in CHANGES:
        op.execute(statement)
