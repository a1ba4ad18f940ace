"""What executions are told about whoever started them."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the context of an execution: the request, the user and the metadata that it was started with."""
    op.execute("ALTER TABLE executions ADD COLUMN context jsonb CHECK (jsonb_typeof(context) = 'object')")
