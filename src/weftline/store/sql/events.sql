-- name: append
-- Append facts. The primary key (tenant_id, execution_id, seq) is the fence: a worker that lost an execution cannot
-- write into its log.
INSERT INTO events (tenant_id, execution_id, seq, type, step_id, data, occurred_at)
SELECT e.tenant_id, e.execution_id, e.seq, e.type, e.step_id, e.data::jsonb, to_timestamp(e.at)
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::float8[])
     AS e(tenant_id, execution_id, seq, type, step_id, data, at);

-- name: page
-- Up to $4 events of one execution after number $3.
SELECT seq, type, step_id, data::text, extract(epoch FROM occurred_at)::float8 AS at
FROM events
WHERE tenant_id = $1 AND execution_id = $2 AND seq > $3
ORDER BY seq
LIMIT $4;

-- name: pages_with_workflows
-- The same of several executions, each with its workflow.
SELECT x.id, x.workflow_id,
       ARRAY(
           SELECT ROW(e.seq, e.type, e.step_id, e.data::text, extract(epoch FROM e.occurred_at)::float8)
           FROM events e
           WHERE e.tenant_id = $1 AND e.execution_id = x.id AND e.seq > $3
           ORDER BY e.seq
           LIMIT $4
       ) AS log
FROM executions x
WHERE x.tenant_id = $1 AND x.id = ANY ($2::uuid[]);

-- name: last
-- Number of the last event of one execution; 0 where there is none.
SELECT coalesce(max(seq), 0) FROM events WHERE tenant_id = $1 AND execution_id = $2;

-- name: of_type
-- Up to $5 events of type $4 of one execution after number $3.
SELECT seq, type, step_id, data::text, extract(epoch FROM occurred_at)::float8 AS at
FROM events
WHERE tenant_id = $1 AND execution_id = $2 AND seq > $3 AND type = $4
ORDER BY seq
LIMIT $5;
