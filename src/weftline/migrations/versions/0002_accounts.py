"""Accounts: people and how they sign in, tenants' members, roles and rules, the audit log, outgoing mail.

What belongs to a person rather than to a tenant (passwords, sessions, second factors) is reached by ``weft_identity``
alone. Everything with a ``tenant_id`` is under row-level security like the tables of revision 0001; grants then say
which role may do what.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANTS = (
    """
    ALTER TABLE tenants
        ADD COLUMN domain         text        UNIQUE,
        ADD COLUMN configuration  jsonb       NOT NULL DEFAULT '{}',
        ADD COLUMN etag           integer     NOT NULL DEFAULT 1,
        ADD COLUMN updated_at     timestamptz NOT NULL DEFAULT now(),
        ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'archived'))
    """,
    "CREATE INDEX tenants_inactive ON tenants (id) WHERE status <> 'active'",
    # What every tenant falls back to; one row.
    """
    CREATE TABLE platform_settings (
        id             smallint    PRIMARY KEY DEFAULT 1 CHECK (id = 1),
        configuration  jsonb       NOT NULL DEFAULT '{}',
        etag           integer     NOT NULL DEFAULT 1,
        updated_at     timestamptz NOT NULL DEFAULT now()
    )
    """,
    "INSERT INTO platform_settings DEFAULT VALUES",
)

PEOPLE = (
    """
    CREATE TABLE users (
        id                 uuid        PRIMARY KEY,
        email              text        NOT NULL UNIQUE CHECK (email = lower(email)),
        name               text        NOT NULL,
        status             text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
        email_verified_at  timestamptz,
        language           text,
        time_zone          text,
        preferences        jsonb       NOT NULL DEFAULT '{}',
        etag               integer     NOT NULL DEFAULT 1,
        created_at         timestamptz NOT NULL DEFAULT now(),
        updated_at         timestamptz NOT NULL DEFAULT now(),
        last_sign_in_at    timestamptz
    )
    """,
    """
    CREATE TABLE credentials (
        user_id        uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        password_hash  text        NOT NULL,
        changed_at     timestamptz NOT NULL DEFAULT now()
    )
    """,
    # last_step: a code is accepted once
    """
    CREATE TABLE totp_factors (
        user_id       uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        secret        bytea       NOT NULL,
        confirmed_at  timestamptz,
        last_step     bigint      NOT NULL DEFAULT 0,
        created_at    timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE recovery_codes (
        user_id    uuid  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        code_hash  bytea NOT NULL,
        used_at    timestamptz,
        PRIMARY KEY (user_id, code_hash)
    )
    """,
    # a session is a family of refresh tokens, each of which works once
    """
    CREATE TABLE sessions (
        id             uuid        PRIMARY KEY,
        user_id        uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        active_tenant  uuid,
        methods        text[]      NOT NULL,
        reason         text,
        address        text,
        user_agent     text,
        created_at     timestamptz NOT NULL DEFAULT now(),
        last_used_at   timestamptz NOT NULL DEFAULT now(),
        expires_at     timestamptz NOT NULL,
        ended_at       timestamptz,
        end_reason     text
    )
    """,
    "CREATE INDEX sessions_user ON sessions (user_id, id)",
    "CREATE INDEX sessions_expires_at ON sessions (expires_at)",
    """
    CREATE TABLE refresh_tokens (
        token_hash  bytea       PRIMARY KEY,
        session_id  uuid        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        created_at  timestamptz NOT NULL DEFAULT now(),
        used_at     timestamptz
    )
    """,
    "CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id)",
    "CREATE INDEX refresh_tokens_used_at ON refresh_tokens (used_at) WHERE used_at IS NOT NULL",
    # single-use tokens sent by mail: verification, recovery, invitation; or for the second step of signing in.
    # email: whom it was sent to, where that is nobody's account yet
    """
    CREATE TABLE one_time_tokens (
        token_hash  bytea       PRIMARY KEY,
        purpose     text        NOT NULL,
        user_id     uuid        REFERENCES users (id) ON DELETE CASCADE,
        email       text,
        data        jsonb       NOT NULL DEFAULT '{}',
        created_at  timestamptz NOT NULL DEFAULT now(),
        expires_at  timestamptz NOT NULL,
        used_at     timestamptz
    )
    """,
    "CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id)",
    "CREATE INDEX one_time_tokens_email ON one_time_tokens (email) WHERE email IS NOT NULL",
    "CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at)",
    # failed tries to sign in to one account: from one device or network, or from everywhere unknown
    """
    CREATE TABLE sign_in_failures (
        key            bytea       PRIMARY KEY,
        failures       integer     NOT NULL,
        last_at        timestamptz NOT NULL,
        blocked_until  timestamptz
    )
    """,
    "CREATE INDEX sign_in_failures_last_at ON sign_in_failures (last_at)",
    # private keys are sealed under the master key
    """
    CREATE TABLE signing_keys (
        id           text        PRIMARY KEY,
        public_key   jsonb       NOT NULL,
        private_key  bytea       NOT NULL,
        created_at   timestamptz NOT NULL DEFAULT now(),
        active_at    timestamptz NOT NULL DEFAULT now(),
        retired_at   timestamptz
    )
    """,
    """
    CREATE TABLE platform_operators (
        user_id     uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        tenants     uuid[],
        created_at  timestamptz NOT NULL DEFAULT now()
    )
    """,
    # what API processes must forget at once: an ended session, a user's or a tenant's authority, a key
    """
    CREATE TABLE revocations (
        id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind        text        NOT NULL CHECK (kind IN ('session', 'user', 'tenant', 'key')),
        subject     uuid        NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    "CREATE INDEX revocations_created_at ON revocations (created_at)",
    # due_at: when it is tried next; NULL once it was sent or given up
    """
    CREATE TABLE mail_outbox (
        id          uuid        PRIMARY KEY,
        template    text        NOT NULL,
        recipient   text        NOT NULL,
        subject     text        NOT NULL,
        body_text   text        NOT NULL,
        body_html   text        NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        attempts    integer     NOT NULL DEFAULT 0,
        due_at      timestamptz,
        sent_at     timestamptz,
        error       text
    )
    """,
    "CREATE INDEX mail_outbox_due ON mail_outbox (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX mail_outbox_unsent ON mail_outbox (created_at) WHERE sent_at IS NULL",
    "CREATE INDEX mail_outbox_created ON mail_outbox (created_at, id)",
)

MEMBERS = (
    """
    CREATE TABLE memberships (
        tenant_id   uuid        NOT NULL REFERENCES tenants (id),
        user_id     uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        roles       text[]      NOT NULL DEFAULT '{}',
        status      text        NOT NULL DEFAULT 'active' CHECK (status IN ('invited', 'active', 'disabled')),
        department  text,
        attributes  jsonb       NOT NULL DEFAULT '{}',
        etag        integer     NOT NULL DEFAULT 1,
        created_at  timestamptz NOT NULL DEFAULT now(),
        updated_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, user_id)
    )
    """,
    "CREATE INDEX memberships_user ON memberships (user_id, tenant_id)",
    """
    CREATE TABLE groups (
        tenant_id    uuid        NOT NULL REFERENCES tenants (id),
        id           uuid        NOT NULL,
        name         text        NOT NULL,
        description  text,
        roles        text[]      NOT NULL DEFAULT '{}',
        etag         integer     NOT NULL DEFAULT 1,
        created_at   timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
    )
    """,
    """
    CREATE TABLE group_members (
        tenant_id  uuid NOT NULL,
        group_id   uuid NOT NULL,
        user_id    uuid NOT NULL,
        PRIMARY KEY (tenant_id, group_id, user_id),
        FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX group_members_user ON group_members (tenant_id, user_id)",
    """
    CREATE TABLE service_accounts (
        tenant_id    uuid        NOT NULL REFERENCES tenants (id),
        id           uuid        NOT NULL,
        name         text        NOT NULL,
        description  text,
        roles        text[]      NOT NULL DEFAULT '{}',
        status       text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
        etag         integer     NOT NULL DEFAULT 1,
        created_at   timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
    )
    """,
    # exactly one of user_id and service_account_id says for whom the key acts; scopes NULL: all its owner may do
    """
    CREATE TABLE api_keys (
        tenant_id           uuid        NOT NULL REFERENCES tenants (id),
        id                  uuid        NOT NULL,
        name                text        NOT NULL,
        hint                text        NOT NULL,
        key_hash            bytea       NOT NULL,
        user_id             uuid,
        service_account_id  uuid,
        scopes              text[],
        created_by          uuid,
        created_at          timestamptz NOT NULL DEFAULT now(),
        expires_at          timestamptz,
        last_used_at        timestamptz,
        revoked_at          timestamptz,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, key_hash),
        CHECK (num_nonnulls(user_id, service_account_id) = 1),
        FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, service_account_id) REFERENCES service_accounts (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX api_keys_user ON api_keys (tenant_id, user_id) WHERE user_id IS NOT NULL",
    """
    CREATE INDEX api_keys_service_account ON api_keys (tenant_id, service_account_id)
        WHERE service_account_id IS NOT NULL
    """,
)

ACCESS = (
    """
    CREATE TABLE roles (
        tenant_id      uuid        NOT NULL REFERENCES tenants (id),
        id             text        NOT NULL,
        name           text        NOT NULL,
        description    text,
        permissions    text[]      NOT NULL DEFAULT '{}',
        inherits       text[]      NOT NULL DEFAULT '{}',
        requires_mfa   boolean     NOT NULL DEFAULT false,
        etag           integer     NOT NULL DEFAULT 1,
        created_at     timestamptz NOT NULL DEFAULT now(),
        updated_at     timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
    """,
    # permissions on one workflow and what it runs (workflow_id), or on the whole tenant (NULL)
    """
    CREATE TABLE grants (
        tenant_id     uuid        NOT NULL REFERENCES tenants (id),
        id            uuid        NOT NULL,
        subject_type  text        NOT NULL CHECK (subject_type IN ('user', 'group', 'role', 'service_account')),
        subject_id    text        NOT NULL,
        permissions   text[]      NOT NULL,
        workflow_id   text,
        created_by    uuid,
        created_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX grants_subject ON grants (tenant_id, subject_type, subject_id)",
    "CREATE INDEX grants_workflow ON grants (tenant_id, workflow_id) WHERE workflow_id IS NOT NULL",
    """
    CREATE TABLE policies (
        tenant_id    uuid        NOT NULL REFERENCES tenants (id),
        id           uuid        NOT NULL,
        name         text        NOT NULL,
        description  text,
        source       text        NOT NULL CHECK (octet_length(source) <= 16384),
        is_enabled   boolean     NOT NULL DEFAULT true,
        last_error   text,
        failed_at    timestamptz,
        etag         integer     NOT NULL DEFAULT 1,
        created_by   uuid,
        created_at   timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
    )
    """,
    # fields of a workflow's data (NULL: of every workflow's) that only some roles may see
    """
    CREATE TABLE field_rules (
        tenant_id    uuid        NOT NULL REFERENCES tenants (id),
        id           uuid        NOT NULL,
        workflow_id  text,
        field        text        NOT NULL,
        effect       text        NOT NULL CHECK (effect IN ('hide', 'mask')),
        visible_to   text[]      NOT NULL DEFAULT '{}',
        created_by   uuid,
        created_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
    """,
)

IS_OWNER = "(SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = '{}'::regclass)"

AUDIT = (
    """
    CREATE TABLE audit_log (
        tenant_id      uuid        NOT NULL,
        seq            bigint      NOT NULL,
        occurred_at    timestamptz NOT NULL,
        actor_type     text        NOT NULL,
        actor_id       uuid,
        actor_name     text,
        action         text        NOT NULL,
        resource_type  text,
        resource_id    text,
        before         jsonb,
        after          jsonb,
        reason         text,
        address        text,
        user_agent     text,
        request_id     text,
        hash           bytea       NOT NULL CHECK (octet_length(hash) = 32),
        PRIMARY KEY (tenant_id, seq)
    )
    """,
    # searches are ordered by time, as the clock told it; the chain is ordered by seq
    "CREATE INDEX audit_log_time ON audit_log (tenant_id, occurred_at)",
    "CREATE INDEX audit_log_resource ON audit_log (tenant_id, resource_type, resource_id, occurred_at)",
    "CREATE INDEX audit_log_actor ON audit_log (tenant_id, actor_id, occurred_at)",
    # the end of each tenant's chain: whoever appends holds its row until the transaction ends
    """
    CREATE TABLE audit_heads (
        tenant_id  uuid   PRIMARY KEY,
        seq        bigint NOT NULL DEFAULT 0,
        hash       bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32)
    ) WITH (fillfactor = 50)
    """,
    # Every entry's hash covers the one before it: SHA-256 of the last hash (32 zero bytes before the first entry) and
    # of the entry's content, as the text of a JSON array that begins with the number of this format. Documents stand
    # in it as text, for an absent one is not the same as null. What verifies the chain repeats this expression.
    #
    # It is the only way into the log: it runs with the rights of its owner, who alone may write these tables, and
    # takes the time and the place in the chain from nobody else. Of row-level security, which therefore does not see
    # who calls, it repeats the rule: only roles that serve every tenant may append to another's log than the current.
    """
    CREATE FUNCTION append_audit(tenant uuid, entries jsonb) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        last_seq  bigint;
        last_hash bytea;
        moment    timestamptz;
        entry     record;
        first_seq bigint;
        hashes    bytea[] := '{}';
    BEGIN
        IF current_setting('role') NOT IN ('weft_identity', 'weft_operator', 'weft_worker')
            AND tenant IS DISTINCT FROM NULLIF(current_setting('app.current_tenant', true), '')::uuid
        THEN
            RAISE insufficient_privilege USING MESSAGE = 'only the current tenant''s audit log can be appended to';
        END IF;
        SELECT h.seq, h.hash INTO last_seq, last_hash FROM audit_heads h WHERE h.tenant_id = tenant FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO audit_heads (tenant_id) VALUES (tenant) ON CONFLICT DO NOTHING;
            SELECT h.seq, h.hash INTO STRICT last_seq, last_hash
            FROM audit_heads h WHERE h.tenant_id = tenant FOR UPDATE;
        END IF;
        -- read while the chain is held, so that times follow its order as long as the clock does not go back
        moment := clock_timestamp();
        first_seq := last_seq;
        FOR entry IN
            SELECT * FROM jsonb_to_recordset(entries) AS e(
                actor_type text, actor_id uuid, actor_name text, action text, resource_type text, resource_id text,
                before jsonb, after jsonb, reason text, address text, user_agent text, request_id text)
        LOOP
            last_seq := last_seq + 1;
            last_hash := sha256(last_hash || convert_to(jsonb_build_array(
                1, tenant, last_seq, extract(epoch FROM moment),
                entry.actor_type, entry.actor_id, entry.actor_name, entry.action,
                entry.resource_type, entry.resource_id, entry.before::text, entry.after::text, entry.reason,
                entry.address, entry.user_agent, entry.request_id)::text, 'UTF8'));
            hashes := hashes || last_hash;
        END LOOP;
        INSERT INTO audit_log (
            tenant_id, seq, occurred_at, actor_type, actor_id, actor_name, action, resource_type, resource_id,
            before, after, reason, address, user_agent, request_id, hash)
        SELECT tenant, first_seq + e.place, moment, e.actor_type, e.actor_id, e.actor_name, e.action,
               e.resource_type, e.resource_id, e.before, e.after, e.reason, e.address, e.user_agent, e.request_id,
               hashes[e.place]
        FROM ROWS FROM (jsonb_to_recordset(entries) AS (
                actor_type text, actor_id uuid, actor_name text, action text, resource_type text, resource_id text,
                before jsonb, after jsonb, reason text, address text, user_agent text, request_id text)
            ) WITH ORDINALITY AS e(
                actor_type, actor_id, actor_name, action, resource_type, resource_id,
                before, after, reason, address, user_agent, request_id, place);
        UPDATE audit_heads h SET seq = last_seq, hash = last_hash WHERE h.tenant_id = tenant;
        RETURN last_seq;
    END
    $$
    """,
    "REVOKE EXECUTE ON FUNCTION append_audit FROM PUBLIC",
    # whoever owns the tables, and so the function, now or after a restore under another login
    f"CREATE POLICY owner_appends ON audit_log FOR INSERT WITH CHECK ({IS_OWNER.format('audit_log')})",
    f"CREATE POLICY owner_appends ON audit_heads USING ({IS_OWNER.format('audit_heads')})",
)

# started_by: who asked. shelved_wake_at: when an execution of a suspended tenant would have woken up.
EXECUTIONS = (
    """
    ALTER TABLE executions
        ADD COLUMN started_by       uuid,
        ADD COLUMN shelved_wake_at  timestamptz
    """,
    "CREATE INDEX executions_shelved ON executions (tenant_id) WHERE shelved_wake_at IS NOT NULL",
)

TENANT_TABLES = (
    "memberships",
    "groups",
    "group_members",
    "service_accounts",
    "api_keys",
    "roles",
    "grants",
    "policies",
    "field_rules",
    "audit_log",
    "audit_heads",
)

OLD_TENANT_TABLES = {
    "tenants": "id",
    "workflow_templates": "tenant_id",
    "workflow_versions": "tenant_id",
    "executions": "tenant_id",
    "events": "tenant_id",
    "inbox": "tenant_id",
    "event_subscriptions": "tenant_id",
    "human_tasks": "tenant_id",
}

CREDENTIAL_TABLES = (
    "credentials, totp_factors, recovery_codes, sessions, refresh_tokens, one_time_tokens, "
    "sign_in_failures, signing_keys"
)

GRANTS = (
    "GRANT USAGE ON SCHEMA public TO weft_identity, weft_operator",
    # people and how they sign in
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON users, {CREDENTIAL_TABLES} TO weft_identity",
    "GRANT SELECT ON users TO weft_api, weft_operator, weft_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON platform_operators TO weft_identity, weft_operator",
    "GRANT SELECT, INSERT, DELETE ON revocations TO weft_identity",
    "GRANT INSERT ON revocations TO weft_api, weft_operator",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON mail_outbox TO weft_identity",
    "GRANT INSERT ON mail_outbox TO weft_api, weft_operator, weft_worker",
    # tenants
    # a tenant is made with its first administrator, in one transaction
    "GRANT SELECT, INSERT ON tenants TO weft_identity",
    "GRANT UPDATE (name, configuration, etag, updated_at) ON tenants TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON tenants TO weft_operator",
    "GRANT SELECT ON platform_settings TO weft_api, weft_identity, weft_worker",
    "GRANT SELECT, UPDATE ON platform_settings TO weft_operator",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON memberships, groups, group_members TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON memberships TO weft_identity",
    "GRANT SELECT, INSERT ON memberships TO weft_operator",
    "GRANT SELECT ON groups, group_members, service_accounts TO weft_identity, weft_operator",
    "GRANT SELECT ON memberships, groups, group_members TO weft_worker",
    # access
    "GRANT SELECT, INSERT, UPDATE, DELETE ON service_accounts, api_keys TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON roles, grants, policies, field_rules TO weft_api",
    "GRANT SELECT ON roles, grants, policies, field_rules TO weft_identity, weft_operator",
    # the log: nobody may change or remove an entry, or write one but by the function
    "GRANT SELECT ON audit_log, audit_heads TO weft_api, weft_identity, weft_operator, weft_worker",
    "GRANT EXECUTE ON FUNCTION append_audit TO weft_api, weft_identity, weft_operator, weft_worker",
    # what operators see of every tenant
    "GRANT SELECT ON workflow_templates, workflow_versions, executions, human_tasks, workers TO weft_operator",
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


# A tenant's transaction sees its own members, and nothing of other people.
USERS_SECURITY = (
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE users FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_members ON users FOR SELECT TO weft_api
        USING (EXISTS (SELECT FROM memberships m WHERE m.user_id = users.id
                       AND m.tenant_id = NULLIF(current_setting('app.current_tenant', true), '')::uuid))
    """,
    "CREATE POLICY everybody ON users TO weft_identity, weft_operator, weft_worker USING (true) WITH CHECK (true)",
)


def upgrade() -> None:
    """Creates the tables, their policies and the grants."""
    statements = (
        *TENANTS,
        *PEOPLE,
        *MEMBERS,
        *ACCESS,
        *AUDIT,
        *EXECUTIONS,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *USERS_SECURITY,
        *(
            f"ALTER POLICY all_tenants ON {table} TO weft_worker, weft_identity, weft_operator"
            for table in OLD_TENANT_TABLES
        ),
        *GRANTS,
    )
    for statement in statements:
        op.execute(statement)
