"""Templates that tenants publish, and what operators say of templates."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# Entries are `json`: it keeps the order of fields. public_templates holds what operators have approved, for every
# tenant to read; whose it is, no tenant can read. library_facts: what is known of those templates that everybody sees;
# null: as the template itself says.
TABLES = (
    """
    CREATE TABLE library_publications (
        tenant_id       uuid        NOT NULL REFERENCES tenants (id),
        id              text        NOT NULL CHECK (id ~ '^[a-z][a-z0-9-]{1,62}$'),
        workflow_id     text        NOT NULL,
        visibility      text        NOT NULL CHECK (visibility IN ('TENANT', 'PUBLIC')),
        is_published    boolean     NOT NULL DEFAULT true,
        name            text        NOT NULL,
        author          text        NOT NULL,
        latest_version  integer     NOT NULL,
        usage_count     bigint      NOT NULL DEFAULT 0,
        etag            integer     NOT NULL DEFAULT 1,
        created_by      text        NOT NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE library_publication_versions (
        tenant_id           uuid        NOT NULL,
        publication_id      text        NOT NULL,
        number              integer     NOT NULL,
        id                  uuid        NOT NULL,
        workflow_version    integer     NOT NULL,
        entry               json        NOT NULL,
        author              text        NOT NULL,
        change_description  text,
        review              text        NOT NULL
            CHECK (review IN ('NOT_NEEDED', 'PENDING', 'APPROVED', 'REJECTED', 'SUPERSEDED', 'WITHDRAWN')),
        review_note         text,
        reviewed_at         timestamptz,
        published_by        text        NOT NULL,
        published_at        timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, publication_id, number),
        FOREIGN KEY (tenant_id, publication_id) REFERENCES library_publications (tenant_id, id)
    )
    """,
    """
    CREATE INDEX library_publication_versions_review ON library_publication_versions (review, published_at, id)
    WHERE review <> 'NOT_NEEDED'
    """,
    "CREATE INDEX library_publication_versions_id ON library_publication_versions (id)",
    """
    CREATE TABLE public_templates (
        id            text        PRIMARY KEY,
        publisher_id  uuid        NOT NULL REFERENCES tenants (id),
        version_id    uuid        NOT NULL,
        version       integer     NOT NULL,
        author        text        NOT NULL,
        entry         json        NOT NULL,
        approved_at   timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE library_facts (
        id           text    PRIMARY KEY,
        is_featured  boolean,
        is_premium   boolean,
        usage_count  bigint  NOT NULL DEFAULT 0
    )
    """,
)

TENANT_TABLES = ("library_publications", "library_publication_versions")

OWN = "= NULLIF(current_setting('app.current_tenant', true), '')::uuid"

# a tenant takes its own back from everybody, and nobody else's
PUBLIC = (
    "ALTER TABLE public_templates ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE public_templates FORCE ROW LEVEL SECURITY",
    "CREATE POLICY for_everybody ON public_templates FOR SELECT TO weft_api USING (true)",
    f"CREATE POLICY own_taken_back ON public_templates FOR DELETE TO weft_api USING (publisher_id {OWN})",
    "CREATE POLICY all_tenants ON public_templates TO weft_operator USING (true) WITH CHECK (true)",
)

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE ON library_publications, library_publication_versions TO weft_api",
    "GRANT SELECT ON library_publications TO weft_operator",
    # to lock what is decided on
    "GRANT UPDATE (updated_at) ON library_publications TO weft_operator",
    "GRANT SELECT, UPDATE ON library_publication_versions TO weft_operator",
    "GRANT SELECT (id, version_id, version, author, entry, approved_at), DELETE ON public_templates TO weft_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON public_templates TO weft_operator",
    "GRANT SELECT, INSERT (id, usage_count), UPDATE (usage_count) ON library_facts TO weft_api",
    "GRANT SELECT, INSERT, UPDATE ON library_facts TO weft_operator",
)


def _row_security(table: str) -> tuple[str, ...]:
    own = f"tenant_id {OWN}"
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
        *TABLES,
        *(statement for table in TENANT_TABLES for statement in _row_security(table)),
        *PUBLIC,
        *GRANTS,
    ):
        op.execute(statement)
