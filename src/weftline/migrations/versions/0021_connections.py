"""Connections to integrations."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# owner_user_id: whose it is; null: the whole tenant's. sealed: the credentials that people entered; tokens: those that
# an authorization server gave, both under the tenant's key. refreshing_until: how long the one who gets new tokens has
# for it. told_at: when its owner was told that it has to be renewed.
TABLES = (
    """
    CREATE TABLE connections (
        tenant_id         uuid        NOT NULL REFERENCES tenants (id),
        id                uuid        NOT NULL,
        integration       text        NOT NULL,
        name              text        NOT NULL,
        owner_user_id     uuid,
        auth_type         text        NOT NULL CHECK (auth_type IN
                              ('NONE', 'API_KEY', 'BASIC', 'BEARER', 'OAUTH2', 'MUTUAL_TLS', 'CUSTOM')),
        config            jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
        sealed            bytea,
        tokens            bytea,
        token_expires_at  timestamptz,
        scopes            text[]      NOT NULL DEFAULT '{}',
        is_default        boolean     NOT NULL DEFAULT false,
        is_active         boolean     NOT NULL DEFAULT true,
        status            text        NOT NULL DEFAULT 'UNTESTED' CHECK (status IN
                              ('READY', 'UNTESTED', 'UNAUTHORIZED', 'FAILING')),
        status_detail     text,
        limits            jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(limits) = 'object'),
        etag              integer     NOT NULL DEFAULT 1,
        created_by        text        NOT NULL,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now(),
        tested_at         timestamptz,
        refreshing_until  timestamptz,
        told_at           timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, owner_user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
        CHECK (owner_user_id IS NULL OR NOT is_default)
    ) WITH (fillfactor = 70)
    """,
    # written by workers when a circuit breaker changes; resets counts how often somebody closed it by hand; rate_at:
    # where the workers' common count of requests stands
    """
    CREATE TABLE connection_states (
        tenant_id      uuid        NOT NULL,
        connection_id  uuid        NOT NULL,
        breaker        text        NOT NULL DEFAULT 'CLOSED' CHECK (breaker IN ('CLOSED', 'OPEN', 'HALF_OPEN')),
        failures       integer     NOT NULL DEFAULT 0,
        opened_at      timestamptz,
        retry_at       timestamptz,
        last_error     text,
        resets         integer     NOT NULL DEFAULT 0,
        rate_at        timestamptz,
        updated_at     timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, connection_id),
        FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
    ) WITH (fillfactor = 70)
    """,
    # number: grows with every change that those who keep connections in memory must know of
    """
    CREATE TABLE connection_changes (
        tenant_id  uuid   NOT NULL REFERENCES tenants (id),
        number     bigint NOT NULL,
        PRIMARY KEY (tenant_id)
    ) WITH (fillfactor = 70)
    """,
    # executions that wait until a connection can be used again, and are then told
    """
    CREATE TABLE connection_waits (
        tenant_id      uuid        NOT NULL,
        connection_id  uuid        NOT NULL,
        execution_id   uuid        NOT NULL,
        since          timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, connection_id, execution_id),
        FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
    )
    """,
    # an authorization code that somebody went to fetch; sealed: the verifier of PKCE
    """
    CREATE TABLE connection_authorizations (
        tenant_id      uuid        NOT NULL,
        id             uuid        NOT NULL,
        connection_id  uuid        NOT NULL,
        user_id        uuid        NOT NULL,
        state_hash     bytea       NOT NULL,
        browser_hash   bytea       NOT NULL,
        sealed         bytea       NOT NULL,
        created_at     timestamptz NOT NULL DEFAULT now(),
        expires_at     timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
    )
    """,
)

INDEXES = (
    """
    CREATE UNIQUE INDEX connections_name ON connections
        (tenant_id, (coalesce(owner_user_id, '00000000-0000-0000-0000-000000000000'::uuid)), name)
    """,
    "CREATE UNIQUE INDEX connections_default ON connections (tenant_id, integration) WHERE is_default",
    "CREATE INDEX connections_integration ON connections (tenant_id, integration)",
    "CREATE INDEX connections_owner ON connections (tenant_id, owner_user_id) WHERE owner_user_id IS NOT NULL",
    """
    CREATE INDEX connections_to_tell ON connections (tenant_id, id)
        WHERE status = 'UNAUTHORIZED' AND told_at IS NULL
    """,
    "CREATE INDEX connection_authorizations_connection ON connection_authorizations (tenant_id, connection_id)",
    "CREATE INDEX connection_authorizations_user ON connection_authorizations (tenant_id, user_id)",
)

# Whoever changes a connection, and however: those of a member go with the membership.
CHANGES = (
    """
    CREATE FUNCTION count_connection_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO connection_changes (tenant_id, number) VALUES (coalesce(NEW.tenant_id, OLD.tenant_id), 1)
        ON CONFLICT (tenant_id) DO UPDATE SET number = connection_changes.number + 1;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER count_connection_change
    AFTER INSERT OR DELETE
       OR UPDATE OF name, auth_type, config, sealed, tokens, scopes, is_default, is_active, status, limits
    ON connections FOR EACH ROW EXECUTE FUNCTION count_connection_change()
    """,
    """
    CREATE TRIGGER count_connection_reset AFTER UPDATE OF resets ON connection_states
    FOR EACH ROW EXECUTE FUNCTION count_connection_change()
    """,
)

# Where a membership takes connections with it, the database counts as whoever owns the tables.
OWNER = (
    """
    CREATE POLICY owner_counts ON connection_changes USING (
        (SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = 'connection_changes'::regclass))
    """,
)

TENANT_TABLES = (
    "connections",
    "connection_states",
    "connection_changes",
    "connection_waits",
    "connection_authorizations",
)

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON connections, connection_states TO weft_api",
    "GRANT SELECT, INSERT, DELETE ON connection_authorizations TO weft_api",
    "GRANT SELECT, UPDATE (sealed, tokens, token_expires_at, status, status_detail, tested_at, refreshing_until,"
    " told_at, updated_at) ON connections TO weft_worker",
    "GRANT SELECT, INSERT, UPDATE ON connection_states TO weft_worker",
    "GRANT SELECT, DELETE ON connection_waits TO weft_api",
    "GRANT SELECT, INSERT, DELETE ON connection_waits TO weft_worker",
    # whoever ends a membership changes connections
    "GRANT SELECT, INSERT, UPDATE ON connection_changes TO weft_api, weft_worker, weft_identity, weft_operator",
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
    """Creates the tables with their policies and grants, and what counts changes."""
    for statement in (
        *TABLES,
        *INDEXES,
        *CHANGES,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *OWNER,
        *GRANTS,
    ):
        op.execute(statement)
