"""Where payloads of executions may stand: every column that could hold some is either sealed or known to hold none."""

from __future__ import annotations

from tests.conftest import Connect

SEALED = {
    "executions": {"input", "output", "error", "snapshot", "context"},
    "events": {"data"},
    "inbox": {"payload"},
    "dispatches": {"payload"},
    "human_tasks": {"data"},
    "task_votes": {"data", "comment"},
    "task_comments": {"text"},
    "notifications": {"payload"},
    "jobs": {"input", "progress"},
}
"""What an encrypted workflow's executions carry; see tests/api/test_encryption.py for how it is stored."""

READABLE = {
    "executions": {
        # what it is, where it stands
        *("workflow_id", "status", "parent_step", "current_steps", "trigger_type"),
        # what it is found by and queued by: documented as not encrypted
        *("tags", "attributes", "concurrency_key", "idempotency_key"),
    },
    "events": {"type", "step_id"},
    "inbox": {"kind"},
    # only the error's type, where the payload is sealed
    "dispatches": {"kind", "refusal"},
    "event_subscriptions": {"step_id", "name", "correlation"},
    "execution_labels": {"name", "value"},
    "concurrency_slots": {"workflow_id", "key"},
    "human_tasks": {
        # as the definition has it
        *("workflow_id", "step_id", "name", "form", "outcomes", "approving_outcomes"),
        # who is asked, who answered, and how
        *("assign_to", "claimed_by", "outcome", "completed_by", "status", "escalation"),
    },
    "task_assignees": {"assignee"},
    "task_votes": {"voter", "outcome"},
    "task_comments": {"author"},
    "task_delegations": {"from_name", "to_name", "reason"},
    "task_links": {"outcome", "token_hash"},
    "notifications": {"workflow_id", "status", "delivered", "last_error"},
    "jobs": {"workflow_id", "step_id", "queue", "action", "status", "locked_by"},
    # why an execution refused an act
    "bulk_failures": {"code", "message"},
    # why an event of another system started nothing; it quotes nothing of the event
    "trigger_receipts": {"digest", "delivery", "error"},
    # of what happened in encrypted workflows, no data is told to anybody outside
    "webhook_deliveries": {"kind", "subject", "workflow_id", "body", "status", "last_error"},
}

COLUMNS = """
    SELECT c.table_name, c.column_name
    FROM information_schema.columns c
    WHERE c.table_schema = 'public'
      AND (c.data_type IN ('json', 'jsonb', 'text', 'character varying', 'bytea') OR c.udt_name IN ('_text', '_jsonb'))
      AND EXISTS (SELECT FROM information_schema.columns k
                  WHERE k.table_schema = 'public' AND k.table_name = c.table_name
                    AND (k.column_name IN ('execution_id', 'task_id')
                         OR k.table_name IN ('executions', 'human_tasks', 'dispatches')))
"""


async def test_every_column_that_could_hold_a_payload_is_sealed_or_known_to_hold_none(connect: Connect) -> None:
    found = {(row["table_name"], row["column_name"]) for row in await (await connect()).fetch(COLUMNS)}
    sealed = {(table, column) for table, columns in SEALED.items() for column in columns}
    readable = {(table, column) for table, columns in READABLE.items() for column in columns}
    assert sealed | readable <= found
    unknown = found - sealed - readable
    assert not unknown, f"seal these where an execution is sealed, or list them as readable and say why: {unknown}"
