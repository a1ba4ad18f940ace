-- name: add
-- Tell what one commit appended, tenant by tenant. It is part of the statement that appends the facts, and takes the
-- first of its parameters.
INSERT INTO feed (tenant_id, subjects, first_seqs, last_seqs)
SELECT g.tenant_id, array_agg(g.execution_id), array_agg(g.first), array_agg(g.last)
FROM (
    SELECT e.tenant_id, e.execution_id, min(e.seq) AS first, max(e.seq) AS last
    FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS e(tenant_id, execution_id, seq)
    GROUP BY e.tenant_id, e.execution_id
) AS g
GROUP BY g.tenant_id;

-- name: now
-- The state of the database.
SELECT pg_current_snapshot()::text AS seen;

-- name: since
-- Up to $4 rows of tenants $1 that whoever saw state $2 has not seen and that state $3, or the present one, shows; those
-- after row $5. With them, the present state. The comparison with a number lets the primary key find them.
SELECT f.*, s.seen
FROM (SELECT pg_current_snapshot()::text AS seen) AS s
LEFT JOIN (
    SELECT tenant_id, xid::text, number, kind, subjects, first_seqs, last_seqs, names, workflows, committed_at
    FROM feed
    WHERE tenant_id = ANY ($1::uuid[])
      AND xid >= pg_snapshot_xmin($2::text::pg_snapshot)
      AND NOT pg_visible_in_snapshot(xid, $2::text::pg_snapshot)
      AND pg_visible_in_snapshot(xid, coalesce($3::text::pg_snapshot, pg_current_snapshot()))
      AND number > $5::bigint
    ORDER BY number
    LIMIT $4
) AS f ON true
ORDER BY f.number;

-- name: events
-- The events that executions got: row $1 and tenant $2, execution $3, first and last number $4 and $5. Only those of types
-- $6, where given.
SELECT g.place, e.tenant_id, e.execution_id, x.workflow_id, e.seq, e.type, e.step_id, e.data::text,
       extract(epoch FROM e.occurred_at)::float8 AS at, x.is_sealed
FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::int[], $5::int[])
     AS g(place, tenant_id, execution_id, first, last)
JOIN events e ON e.tenant_id = g.tenant_id AND e.execution_id = g.execution_id AND e.seq BETWEEN g.first AND g.last
JOIN executions x ON x.tenant_id = g.tenant_id AND x.id = g.execution_id
WHERE $6::text[] IS NULL OR e.type = ANY ($6)
ORDER BY g.place, e.seq;

-- name: forget
-- Remove up to $2 rows that were committed before $1, Unix seconds; an index finds them, tenant by tenant.
DELETE FROM feed
WHERE ctid = ANY (ARRAY(
    SELECT old.row_id
    FROM tenants t
    CROSS JOIN LATERAL (
        SELECT o.row_id
        FROM (
            SELECT f.ctid AS row_id, f.committed_at FROM feed f WHERE f.tenant_id = t.id ORDER BY f.xid LIMIT $2
        ) AS o
        WHERE o.committed_at < to_timestamp($1::float8)
    ) AS old
    LIMIT $2
));
