-- Lock order: whoever locks several rows of executions does so in the order of (tenant_id, id), or skips locked ones.

-- name: start
-- Insert new executions; those that are there already, by their id or their idempotency key, are left out. Those that
-- count towards a limit wait for a slot.
INSERT INTO executions (tenant_id, id, workflow_id, version_number, priority, wake_at, input, tags, idempotency_key,
                        started_by, parent_id, parent_step, parent_waits, depth, attributes, concurrency_key, is_queued,
                        restarted_from, context, is_sealed, trigger_id, trigger_type, scheduled_at)
SELECT $1, s.id, s.workflow_id, s.version_number, s.priority,
       CASE WHEN s.concurrency_key IS NULL THEN to_timestamp($2::float8) END, s.input::jsonb,
       CASE WHEN s.tags IS NULL THEN NULL ELSE ARRAY(SELECT jsonb_array_elements_text(s.tags::jsonb)) END,
       s.idempotency_key, s.started_by, s.parent_id, s.parent_step, s.parent_waits, s.depth,
       s.attributes::jsonb, s.concurrency_key, s.concurrency_key IS NOT NULL, s.restarted_from,
       s.context::jsonb, s.is_sealed, s.trigger_id, s.trigger_type, to_timestamp(s.scheduled_at)
FROM unnest($3::uuid[], $4::text[], $5::int[], $6::smallint[], $7::text[], $8::text[], $9::text[], $10::uuid[],
            $11::uuid[], $12::text[], $13::boolean[], $14::smallint[], $15::text[], $16::text[], $17::uuid[],
            $18::text[], $19::boolean[], $20::uuid[], $21::text[], $22::float8[])
     AS s(id, workflow_id, version_number, priority, input, tags, idempotency_key, started_by,
          parent_id, parent_step, parent_waits, depth, attributes, concurrency_key, restarted_from, context,
          is_sealed, trigger_id, trigger_type, scheduled_at)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: context
-- What was said when an execution was started.
SELECT context::text FROM executions WHERE tenant_id = $1 AND id = $2;

-- name: by_idempotency_key
-- The executions that were started under these keys before.
SELECT e.id, e.workflow_id, e.idempotency_key
FROM executions e
JOIN unnest($2::text[], $3::text[]) AS k(workflow_id, idempotency_key)
  ON e.workflow_id = k.workflow_id AND e.idempotency_key = k.idempotency_key
WHERE e.tenant_id = $1;

-- name: claim
-- Take up to $3 ready executions for worker $1, the most urgent and then the longest ready first, if its lease holds.
-- Those of a tenant that is not active are shelved instead: nobody comes across them again before it is. (A scalar
-- subquery is looked up for each row; EXISTS would now and then read all tenants that are not active.)
-- scope: all tenants, because workers serve every tenant; fairness between them belongs here.
WITH ready AS MATERIALIZED (
    SELECT due.row_id,
           (SELECT true FROM tenants t WHERE t.id = due.tenant_id AND t.status <> 'active') IS TRUE AS is_suspended
    FROM generate_series(9, 0, -1) AS level
    CROSS JOIN LATERAL (
        SELECT e.ctid AS row_id, e.tenant_id
        FROM executions e
        WHERE e.owner IS NULL AND e.wake_at IS NOT NULL
          AND e.priority = level AND e.wake_at <= to_timestamp($2::float8)
        ORDER BY e.wake_at
        LIMIT $3
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE EXISTS (SELECT FROM workers w WHERE w.id = $1 AND w.lease_until > now())
    LIMIT $3
), shelved AS (
    UPDATE executions
    SET shelved_wake_at = least(shelved_wake_at, wake_at), wake_at = NULL
    WHERE ctid = ANY (ARRAY(SELECT row_id FROM ready WHERE is_suspended))
)
UPDATE executions
SET owner = $1,
    shelved_wake_at = NULL,
    -- one that has ended is not claimed unless a message may revive it
    status = CASE WHEN status IN ('pending', 'waiting') OR completed_at IS NOT NULL THEN 'running' ELSE status END,
    started_at = coalesce(started_at, to_timestamp($2::float8))
WHERE ctid = ANY (ARRAY(SELECT row_id FROM ready WHERE NOT is_suspended))
RETURNING tenant_id, id, workflow_id, version_number, clean AND completed_at IS NULL AS clean, lost_leases, inbox_seq,
          inbox_seen, input::text, snapshot::text, snapshot_seq, parent_id, parent_step, parent_waits, concurrency_key,
          started_by, context::text, is_sealed;

-- name: next_wake
-- When the next execution will be ready, Unix seconds; NULL where none waits for a time.
-- scope: all tenants, because workers serve every tenant.
SELECT extract(epoch FROM min(soonest.wake_at))::float8
FROM generate_series(9, 0, -1) AS level
CROSS JOIN LATERAL (
    SELECT e.wake_at
    FROM executions e
    WHERE e.owner IS NULL AND e.wake_at IS NOT NULL AND e.priority = level
    ORDER BY e.wake_at
    LIMIT 1
) AS soonest;

-- name: release
-- Write what a turn's end changed: snapshot, status, result, and when to wake up, for the executions that worker $1
-- still owns. An execution that is kept stays with the worker; one that rests or has ended is let go. A message that
-- came in meanwhile (inbox_seq moved on) makes it ready at once, even where it has ended: no wake-up is lost. Where
-- there is no new snapshot the old one stays, and the log is ahead of it.
UPDATE executions e
SET status = u.status,
    output = u.output::jsonb,
    error = u.error::jsonb,
    snapshot = coalesce(u.snapshot::jsonb, e.snapshot),
    snapshot_seq = coalesce(u.snapshot_seq, e.snapshot_seq),
    version_number = coalesce(u.version_number, e.version_number),
    current_steps = string_to_array(u.current_steps, ' '),
    inbox_seen = u.inbox_seen,
    clean = u.snapshot IS NOT NULL AND NOT u.keep,
    owner = CASE WHEN u.keep THEN e.owner END,
    wake_at = CASE
        WHEN e.inbox_seq > u.inbox_seen THEN to_timestamp($2::float8)
        WHEN u.completed_at IS NULL THEN to_timestamp(u.wake_at)
    END,
    completed_at = to_timestamp(u.completed_at)
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::int[], $11::text[],
            $12::int[], $13::boolean[], $14::float8[], $15::float8[])
     AS u(tenant_id, id, status, output, error, snapshot, snapshot_seq, version_number, current_steps,
          inbox_seen, keep, wake_at, completed_at)
WHERE e.tenant_id = u.tenant_id AND e.id = u.id AND e.owner = $1
RETURNING NOT u.keep AND e.inbox_seq > u.inbox_seen AS is_ready;

-- name: detail
-- Executions' rows, each with its snapshot, and up to $3 events that its log holds beyond that, which tell its result.
SELECT x.id, x.tenant_id, x.workflow_id, x.version_number, x.status, x.priority, x.inbox_seen, x.tags, x.attributes,
       x.parent_id, x.parent_step, x.restarted_from, x.trigger_id, x.trigger_type, x.scheduled_at, x.context, x.is_queued,
       x.is_sealed, x.started_by, x.created_at, x.started_at, x.completed_at,
       x.input::text, x.snapshot::text, x.snapshot_seq,
       ARRAY(
           SELECT ROW(e.seq, e.type, e.step_id, e.data::text, extract(epoch FROM e.occurred_at)::float8)
           FROM events e
           WHERE e.tenant_id = $1 AND e.execution_id = x.id AND e.seq > x.snapshot_seq
           ORDER BY e.seq
           LIMIT $3
       ) AS log
FROM executions x
WHERE x.tenant_id = $1 AND x.id = ANY ($2::uuid[]);

-- name: parents
-- What the children of executions inherit.
SELECT id, depth, priority, tags, started_by, context::text, is_sealed
FROM executions
WHERE tenant_id = $1 AND id = ANY ($2::uuid[]);

-- name: hand_back
-- Let go of executions (all of worker $1's where $2 is NULL) whose log may be ahead of their snapshot; $4 is 1 where
-- that counts as a loss.
-- scope: all tenants, because a worker holds executions of every tenant.
UPDATE executions
SET owner = NULL, clean = false, wake_at = to_timestamp($3::float8), lost_leases = lost_leases + $4::int
WHERE ctid = ANY (ARRAY(
    SELECT e.ctid
    FROM executions e
    WHERE e.owner = $1 AND ($2::uuid[] IS NULL OR e.id = ANY ($2))
    ORDER BY e.tenant_id, e.id
    FOR UPDATE
));

-- name: rescue
-- Free up to $2 executions whose worker's lease has run out. Each such loss is counted, so that an execution that
-- kills its workers is found out.
-- scope: all tenants, because a lost worker held executions of every tenant.
UPDATE executions
SET owner = NULL, clean = false, lost_leases = lost_leases + 1, wake_at = to_timestamp($1::float8)
WHERE ctid = ANY (ARRAY(
    SELECT e.ctid
    FROM executions e
    WHERE e.owner IS NOT NULL
      AND NOT EXISTS (SELECT FROM workers w WHERE w.id = e.owner AND w.lease_until > now())
    LIMIT $2
    FOR UPDATE SKIP LOCKED
));

-- name: with_unread_messages
-- Executions of worker $1 that have messages it has not seen; those of the tenants $3 are to wait.
-- scope: all tenants, because a worker holds executions of every tenant.
SELECT e.id, i.seq, i.kind, i.payload::text
FROM inbox i
JOIN executions e ON e.tenant_id = i.tenant_id AND e.id = i.execution_id
WHERE e.owner = $1 AND e.tenant_id <> ALL ($3::uuid[])
ORDER BY i.tenant_id, i.execution_id, i.seq
LIMIT $2;

-- name: shelved_tenants
-- Up to $2 tenants after $1 that have shelved executions, in order, and whether each is active again. Each tenant costs
-- one look into the index, however many executions it has there.
-- scope: all tenants, because any of them may have become active again.
WITH RECURSIVE shelf AS (
    (SELECT e.tenant_id, 1 AS position
     FROM executions e
     WHERE e.shelved_wake_at IS NOT NULL AND e.tenant_id > $1
     ORDER BY e.tenant_id
     LIMIT 1)
    UNION ALL
    SELECT (SELECT e.tenant_id
            FROM executions e
            WHERE e.shelved_wake_at IS NOT NULL AND e.tenant_id > shelf.tenant_id
            ORDER BY e.tenant_id
            LIMIT 1),
           shelf.position + 1
    FROM shelf
    WHERE shelf.tenant_id IS NOT NULL AND shelf.position < $2::int
)
SELECT shelf.tenant_id,
       (SELECT true FROM tenants t WHERE t.id = shelf.tenant_id AND t.status <> 'active') IS NOT TRUE AS is_active
FROM shelf
WHERE shelf.tenant_id IS NOT NULL;

-- name: unshelve
-- Let up to $2 executions of tenant $1 go on from where they were shelved.
UPDATE executions
SET wake_at = least(wake_at, shelved_wake_at), shelved_wake_at = NULL
WHERE ctid = ANY (ARRAY(
    SELECT e.ctid
    FROM executions e
    WHERE e.tenant_id = $1 AND e.shelved_wake_at IS NOT NULL
    LIMIT $2
    FOR UPDATE SKIP LOCKED
));
