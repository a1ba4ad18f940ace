"""A million executions of one tenant, by SQL: running them would take a quarter of an hour."""

from hashlib import md5
from uuid import UUID

import asyncpg

from weftline.model.ids import DEFAULT_TENANT

DAYS = 90
"""Over which the executions were made, evenly."""

PEOPLE = 50
"""Who started the executions that no trigger started: the first of them most."""

TRIGGERS = 3

# As random as a hash of its number, so that every run lists the same: h is one of 0..999 for each concern. Ids are made
# of the time, as UUIDs of version 7 are (RFC 9562). What has not ended is mostly young.
EXECUTIONS = """
    INSERT INTO executions (tenant_id, id, workflow_id, version_number, status, priority, input, tags, attributes,
                            started_by, parent_id, trigger_id, trigger_type, created_at, started_at, completed_at)
    SELECT $1, id, workflow_id, version_number, status, CASE WHEN h_other < 50 THEN 9 ELSE 5 END, '{}',
           CASE WHEN h_tag < 10 THEN ARRAY['vip'] WHEN h_tag < 200 THEN ARRAY['web'] END,
           CASE WHEN h_tag >= 500 AND h_tag < 600 THEN
               jsonb_build_object('region', (ARRAY['north', 'east', 'south', 'west'])[1 + n % 4], 'order', n)
           END,
           CASE WHEN h_start >= 300 THEN
               md5('person' || CASE WHEN h_start < 700 THEN 0 ELSE n % $3::int END)::uuid
           END,
           CASE WHEN h_start < 100 THEN md5('parent' || n / 1000)::uuid END,
           CASE WHEN h_start >= 100 AND h_start < 300 THEN md5('trigger' || n % $4::int)::uuid END,
           CASE WHEN h_start >= 100 AND h_start < 300 THEN 'SCHEDULE' END,
           created_at,
           CASE WHEN status <> 'pending' THEN started_at END,
           CASE WHEN status IN ('completed', 'failed', 'cancelled', 'timed_out') THEN
               started_at + make_interval(secs => 0.05 * exp(h_length / 70.0))
           END
    FROM (
        SELECT n, h_tag, h_start, h_length, h_other, created_at,
               created_at + make_interval(secs => h_other / 100.0) AS started_at,
               encode(substring(int8send(floor(extract(epoch FROM created_at) * 1000)::bigint) FROM 3)
                      || '\\x7000'::bytea
                      || substring(decode(md5(n::text), 'hex') FROM 9), 'hex')::uuid AS id,
               CASE WHEN h_workflow < 700 THEN 'orders' WHEN h_workflow < 900 THEN 'invoices'
                    WHEN h_workflow < 999 THEN 'returns' ELSE 'audits' END AS workflow_id,
               CASE WHEN n < 0.5 * $2::int THEN 1 WHEN n < 0.99 * $2::int THEN 2 ELSE 3 END AS version_number,
               CASE WHEN n > 0.98 * $2::int AND h_status >= 500 THEN
                        (ARRAY['pending', 'running', 'waiting', 'paused'])[1 + h_status % 4]
                    WHEN h_status < 50 THEN 'failed' WHEN h_status < 60 THEN 'cancelled'
                    WHEN h_status < 62 THEN 'timed_out' WHEN h_status < 70 THEN 'waiting'
                    ELSE 'completed' END AS status
        FROM (
            SELECT n, abs(hashint4(n)) % 1000 AS h_workflow, abs(hashint4(n + 1000000000)) % 1000 AS h_status,
                   abs(hashint4(-n)) % 1000 AS h_tag, abs(hashint4(-n - 1000000000)) % 1000 AS h_start,
                   abs(hashint4(n + 500000000)) % 1000 AS h_length,
                   abs(hashint4(-n - 500000000)) % 1000 AS h_other,
                   now() - make_interval(secs => ($2::int - n) * 86400.0 * $5::int / $2::int) AS created_at
            FROM generate_series($6::int, $7::int) AS n
        ) AS hashed
    ) AS made
"""

BATCH = 50_000


def person(number: int) -> UUID:
    """The id of one of those who started executions, from 0."""
    return UUID(md5(f"person{number}".encode(), usedforsecurity=False).hexdigest())


async def fill(url: str, count: int) -> None:
    """Give the default tenant executions of four workflows, most of which have ended.

    Args:
        url: of a database with its schema, and of its owner.
        count: how many.
    """
    connection = await asyncpg.connect(url)
    try:
        # from its owner, too, forced row-level security hides the rows
        await connection.execute("ALTER TABLE executions NO FORCE ROW LEVEL SECURITY")
        await connection.execute("ALTER TABLE execution_labels NO FORCE ROW LEVEL SECURITY")
        for first in range(1, count + 1, BATCH):
            last = min(first + BATCH - 1, count)
            await connection.execute(EXECUTIONS, DEFAULT_TENANT, count, PEOPLE, TRIGGERS, DAYS, first, last)
        await connection.execute("ALTER TABLE executions FORCE ROW LEVEL SECURITY")
        await connection.execute("ALTER TABLE execution_labels FORCE ROW LEVEL SECURITY")
        # autovacuum would do it a minute later
        await connection.execute("VACUUM ANALYZE executions, execution_labels")
    finally:
        await connection.close()
