-- name: open
-- Put jobs into their task queues, as urgent as their executions are.
INSERT INTO jobs (tenant_id, id, execution_id, workflow_id, step_id, attempt, queue, action, input, has_secrets,
                  priority, created_at)
SELECT j.tenant_id, j.id, j.execution_id, j.workflow_id, j.step_id, j.attempt, j.queue, j.action, j.input::jsonb,
       j.has_secrets, e.priority, to_timestamp(j.created_at)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[],
            $10::bool[], $11::float8[])
     AS j(tenant_id, execution_id, id, workflow_id, step_id, attempt, queue, action, input, has_secrets,
          created_at)
JOIN executions e ON e.tenant_id = j.tenant_id AND e.id = j.execution_id
ON CONFLICT (tenant_id, id) DO NOTHING;

-- name: withdraw
-- Take jobs back. Whoever has one is told as long as its lock lasts; then `sweep` removes it.
UPDATE jobs j
SET status = 'withdrawn', input = 'null', locked_until = coalesce(j.locked_until, j.created_at)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w(tenant_id, execution_id, id)
WHERE j.tenant_id = w.tenant_id AND j.execution_id = w.execution_id AND j.id = w.id;

-- name: hold
-- Let nobody begin jobs of paused executions, or let them again.
UPDATE jobs j
SET is_held = h.is_held
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[]) AS h(tenant_id, execution_id, id, is_held)
WHERE j.tenant_id = h.tenant_id AND j.execution_id = h.execution_id AND j.id = h.id;

-- name: fetch
-- Give up to $3 jobs of a task queue to worker $4 for $5 seconds: the most urgent first, then the oldest. A tenant that
-- is suspended hands out nothing.
WITH ready AS (
    SELECT j.id
    FROM jobs j
    WHERE j.tenant_id = $1 AND j.queue = $2 AND j.status = 'available' AND NOT j.is_held
      AND EXISTS (SELECT FROM tenants t WHERE t.id = $1 AND t.status = 'active')
    ORDER BY j.priority DESC, j.created_at, j.id
    LIMIT $3
    FOR UPDATE OF j SKIP LOCKED
)
UPDATE jobs j
SET status = 'locked', lock_token = gen_random_uuid(), locked_by = $4, progress = NULL,
    locked_until = to_timestamp($6::float8 + $5::float8)
WHERE j.tenant_id = $1 AND j.id = ANY (ARRAY(SELECT r.id FROM ready r))
RETURNING j.id, j.execution_id, j.workflow_id, j.step_id, j.attempt, j.action, j.input::text, j.has_secrets,
          j.lock_token, j.locked_until, j.losses, (SELECT t.slug FROM tenants t WHERE t.id = $1) AS slug;

-- name: give_back
-- Make jobs available again that did not reach the worker that they were fetched for.
UPDATE jobs j
SET status = 'available'
FROM unnest($2::uuid[], $3::uuid[]) AS g(id, token)
WHERE j.tenant_id = $1 AND j.id = g.id AND j.lock_token = g.token AND j.status = 'locked';

-- name: extend
-- Let a worker keep a job for $4 seconds from now, where nobody else has fetched it meanwhile.
UPDATE jobs j
SET status = CASE WHEN j.status = 'withdrawn' THEN j.status ELSE 'locked' END,
    locked_until = to_timestamp($5::float8 + $4::float8),
    progress = CASE WHEN j.status = 'withdrawn' THEN j.progress ELSE coalesce($6::text::jsonb, j.progress) END
WHERE j.tenant_id = $1 AND j.id = $2 AND j.lock_token = $3
RETURNING j.status, j.locked_until;

-- name: settle
-- Remove the jobs that workers answer, where they still have them; their executions are locked before, as everywhere.
-- Each row is looked up by its key: how many there are changes too fast for statistics.
WITH answered AS MATERIALIZED (
    SELECT a.id, a.token, j.execution_id
    FROM unnest($2::uuid[], $3::uuid[]) AS a(id, token)
    CROSS JOIN LATERAL (SELECT j.execution_id FROM jobs j WHERE j.tenant_id = $1 AND j.id = a.id OFFSET 0) j
    ORDER BY j.execution_id
), held AS MATERIALIZED (
    SELECT j.id
    FROM answered a
    CROSS JOIN LATERAL (SELECT e.id FROM executions e WHERE e.tenant_id = $1 AND e.id = a.execution_id FOR UPDATE) e
    CROSS JOIN LATERAL (
        SELECT j.id
        FROM jobs j
        WHERE j.tenant_id = $1 AND j.id = a.id AND j.lock_token = a.token AND j.status <> 'withdrawn'
        FOR UPDATE
    ) j
)
DELETE FROM jobs j
WHERE j.tenant_id = $1 AND j.id = ANY (ARRAY(SELECT h.id FROM held h))
RETURNING j.id, j.execution_id, j.workflow_id, j.step_id,
          CASE WHEN j.has_secrets THEN j.input::text END AS given;

-- name: one
-- What tells whether a job's payloads are sealed, and what its worker was given.
SELECT j.execution_id, j.workflow_id, j.input::text, CASE WHEN j.has_secrets THEN j.input::text END AS given
FROM jobs j WHERE j.tenant_id = $1 AND j.id = $2;

-- name: standing
-- How jobs stand that could not be settled.
SELECT j.id, j.status, j.lock_token FROM jobs j WHERE j.tenant_id = $1 AND j.id = ANY ($2::uuid[]);

-- name: expire
-- Make jobs available again whose locks have run out, but for those that have been lost too often: at most $3.
-- scope: all tenants, because every worker looks after all of them.
WITH late AS (
    SELECT j.tenant_id, j.id
    FROM jobs j
    WHERE j.status = 'locked' AND j.locked_until < to_timestamp($1::float8) AND j.losses < $2 - 1
    ORDER BY j.locked_until
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs j
SET status = 'available', losses = j.losses + 1
FROM late l
WHERE j.tenant_id = l.tenant_id AND j.id = l.id
RETURNING j.tenant_id, j.queue;

-- name: lost
-- Jobs that have been lost too often: at most $3.
-- scope: all tenants, because every worker looks after all of them.
SELECT j.tenant_id, j.id, j.lock_token
FROM jobs j
WHERE j.status = 'locked' AND j.locked_until < to_timestamp($1::float8) AND j.losses >= $2 - 1
ORDER BY j.tenant_id, j.locked_until
LIMIT $3;

-- name: sweep
-- Remove withdrawn jobs of which nobody needs to be told any more: at most $2.
-- scope: all tenants, because every worker looks after all of them.
DELETE FROM jobs j
USING (
    SELECT s.tenant_id, s.id
    FROM jobs s
    WHERE s.status = 'withdrawn' AND s.locked_until < to_timestamp($1::float8)
    LIMIT $2
    FOR UPDATE SKIP LOCKED
) gone
WHERE j.tenant_id = gone.tenant_id AND j.id = gone.id;
