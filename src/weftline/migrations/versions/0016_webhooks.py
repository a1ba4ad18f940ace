"""Webhooks that tenants subscribe to events, and their deliveries."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# since: the position in the feed from which on a webhook is told. failures: attempts in a row that failed, since
# failing_since. previous_sealed: the secret before the last rotation, which signs beside the new one until
# previous_until.
WEBHOOKS = """
    CREATE TABLE webhooks (
        tenant_id        uuid        NOT NULL REFERENCES tenants (id),
        id               uuid        NOT NULL,
        name             text        NOT NULL,
        url              text        NOT NULL,
        kinds            text[]      NOT NULL,
        workflows        text[]      NOT NULL DEFAULT '{}',
        includes_data    boolean     NOT NULL DEFAULT false,
        data_role        text,
        status           text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
        disabled_reason  text        CHECK (disabled_reason IN ('manual', 'gone', 'failing')),
        disabled_at      timestamptz,
        since            text        NOT NULL,
        secret_sealed    bytea       NOT NULL,
        previous_sealed  bytea,
        previous_until   timestamptz,
        failures         integer     NOT NULL DEFAULT 0,
        failing_since    timestamptz,
        etag             integer     NOT NULL DEFAULT 1,
        created_by       text        NOT NULL,
        created_at       timestamptz NOT NULL DEFAULT now(),
        updated_at       timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    ) WITH (fillfactor = 70)
"""

# number: the order in which deliveries were planned. subject: what a delivery is about; those about the same are made
# one after the other. due_at: when one that is still to be made is tried next, or taken from a process that died with
# it; infinity while another about the same subject comes first. attempts counts those that began, and so fences what an
# attempt writes; retries_from of them were before it was last asked for.
DELIVERIES = """
    CREATE TABLE webhook_deliveries (
        tenant_id     uuid        NOT NULL,
        id            uuid        NOT NULL,
        webhook_id    uuid        NOT NULL,
        number        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
        kind          text        NOT NULL,
        subject       text        NOT NULL,
        workflow_id   text,
        execution_id  uuid,
        body          jsonb       NOT NULL,
        status        text        NOT NULL DEFAULT 'due' CHECK (status IN ('due', 'delivered', 'failed')),
        due_at        timestamptz NOT NULL DEFAULT 'infinity',
        attempts      integer     NOT NULL DEFAULT 0,
        retries_from  integer     NOT NULL DEFAULT 0,
        last_status   integer,
        last_error    text,
        created_at    timestamptz NOT NULL DEFAULT now(),
        settled_at    timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id) ON DELETE CASCADE
    ) WITH (fillfactor = 80)
"""

ATTEMPTS = """
    CREATE TABLE webhook_attempts (
        tenant_id        uuid        NOT NULL,
        delivery_id      uuid        NOT NULL,
        number           integer     NOT NULL,
        started_at       timestamptz NOT NULL,
        duration_ms      integer     NOT NULL,
        request_headers  jsonb       NOT NULL,
        status           integer,
        response         text,
        error            text,
        PRIMARY KEY (tenant_id, delivery_id, number),
        FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_deliveries (tenant_id, id) ON DELETE CASCADE
    )
"""

# How far the feed was read for all webhooks. Its one row is there while some are active.
POSITION = """
    CREATE TABLE webhook_position (
        is_only   boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        position  text    NOT NULL
    )
"""

INDEXES = (
    "CREATE INDEX webhooks_active ON webhooks (tenant_id, id) WHERE status = 'active'",
    "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, webhook_id, due_at) WHERE status = 'due'",
    """
    CREATE INDEX webhook_deliveries_queue ON webhook_deliveries (tenant_id, webhook_id, subject, number)
        WHERE status = 'due'
    """,
    "CREATE INDEX webhook_deliveries_list ON webhook_deliveries (tenant_id, webhook_id, number)",
    "CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (settled_at) WHERE status <> 'due'",
)

TENANT_TABLES = ("webhooks", "webhook_deliveries", "webhook_attempts")

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON webhook_deliveries TO weft_api",
    "GRANT SELECT ON webhook_attempts TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON webhook_position TO weft_api",
    "GRANT SELECT, UPDATE ON webhooks TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_deliveries, webhook_position TO weft_worker",
    "GRANT SELECT, INSERT ON webhook_attempts TO weft_worker",
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
    """Creates the tables with their policies and grants."""
    for statement in (
        *(WEBHOOKS, DELIVERIES, ATTEMPTS, POSITION),
        *INDEXES,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *GRANTS,
    ):
        op.execute(statement)
