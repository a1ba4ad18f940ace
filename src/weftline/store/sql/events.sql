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

-- name: page_with_workflow
-- The same, each with the execution's workflow; one row without an event where the execution has none.
SELECT x.workflow_id, e.seq, e.type, e.step_id, e.data::text, extract(epoch FROM e.occurred_at)::float8 AS at
FROM executions x
LEFT JOIN LATERAL (
    SELECT seq, type, step_id, data, occurred_at
    FROM events
    WHERE events.tenant_id = $1 AND events.execution_id = $2 AND events.seq > $3
    ORDER BY seq
    LIMIT $4
) e ON true
WHERE x.tenant_id = $1 AND x.id = $2
ORDER BY e.seq;

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
