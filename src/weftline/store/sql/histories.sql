-- name: begin
-- The inputs of executions, each with its first row, and up to $3 of each one's first events.
SELECT x.id, CASE WHEN e.seq IS NULL OR e.seq = 1 THEN x.input::text END AS input, e.seq, e.type, e.step_id,
       e.data::text, extract(epoch FROM e.occurred_at)::float8 AS at
FROM executions x
LEFT JOIN LATERAL (
    SELECT seq, type, step_id, data, occurred_at
    FROM events
    WHERE events.tenant_id = x.tenant_id AND events.tenant_id = $1 AND events.execution_id = x.id
    ORDER BY seq
    LIMIT $3
) e ON true
WHERE x.tenant_id = $1 AND x.id = ANY ($2::uuid[])
ORDER BY x.id, e.seq;

-- name: pages
-- Up to $4 events of each execution after its number.
SELECT w.execution_id, e.seq, e.type, e.step_id, e.data::text, extract(epoch FROM e.occurred_at)::float8 AS at
FROM unnest($2::uuid[], $3::int[]) AS w(execution_id, after)
CROSS JOIN LATERAL (
    SELECT seq, type, step_id, data, occurred_at
    FROM events
    WHERE events.tenant_id = $1 AND events.execution_id = w.execution_id AND events.seq > w.after
    ORDER BY seq
    LIMIT $4
) e
ORDER BY w.execution_id, e.seq;

-- name: memories
-- What the rows of executions remember of their states.
SELECT id, input::text, snapshot::text, snapshot_seq FROM executions WHERE tenant_id = $1 AND id = ANY ($2::uuid[]);

-- name: definitions
-- The definitions of some versions.
SELECT v.template_id, v.version_number, v.definition::text
FROM workflow_versions v
JOIN unnest($2::text[], $3::int[]) AS w(template_id, version_number)
  ON v.template_id = w.template_id AND v.version_number = w.version_number
WHERE v.tenant_id = $1;
