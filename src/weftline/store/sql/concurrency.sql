-- Lock order: the rows of keys, in the order of (workflow_id, key), byte by byte; then those of slots; then those of executions.

-- name: lock
-- Lock keys of a tenant, made where they do not exist yet; the latest start says how many slots a key has.
INSERT INTO concurrency_keys (tenant_id, workflow_id, key, slots)
SELECT $1, n.workflow_id, n.key, n.slots
FROM unnest($2::text[], $3::text[], $4::int[]) AS n(workflow_id, key, slots)
ON CONFLICT (tenant_id, workflow_id, key) DO UPDATE SET slots = excluded.slots;

-- name: lock_of
-- Lock the keys that executions count towards, as long as these have a slot or wait for one.
SELECT k.workflow_id, k.key
FROM concurrency_keys k
WHERE k.tenant_id = $1 AND (k.workflow_id, k.key) IN (
    SELECT s.workflow_id, s.key FROM concurrency_slots s WHERE s.tenant_id = $1 AND s.execution_id = ANY ($2::uuid[])
)
ORDER BY k.workflow_id COLLATE "C", k.key COLLATE "C"
FOR UPDATE;

-- name: occupied
-- How many executions count towards each key, those that wait too.
SELECT s.workflow_id, s.key, count(*)::int AS executions
FROM unnest($2::text[], $3::text[]) AS k(workflow_id, key)
JOIN concurrency_slots s ON s.workflow_id = k.workflow_id AND s.key = k.key
WHERE s.tenant_id = $1
GROUP BY s.workflow_id, s.key;

-- name: enqueue
-- Let executions wait for slots.
INSERT INTO concurrency_slots (tenant_id, execution_id, workflow_id, key, priority, queued_at)
SELECT $1, n.id, n.workflow_id, n.key, n.priority, to_timestamp($6::float8)
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::smallint[]) AS n(id, workflow_id, key, priority);

-- name: evict
-- For each key (locked) pick the executions that give way where there are more than slots: those that run before those
-- that wait, the oldest first.
UPDATE concurrency_slots
SET evicted_at = to_timestamp($4::float8)
WHERE tenant_id = $1 AND execution_id IN (
    SELECT surplus.execution_id
    FROM concurrency_keys k
    CROSS JOIN LATERAL (
        SELECT s.execution_id
        FROM concurrency_slots s
        WHERE s.tenant_id = k.tenant_id AND s.workflow_id = k.workflow_id AND s.key = k.key AND s.evicted_at IS NULL
        ORDER BY (s.taken_at IS NULL), s.queued_at, s.execution_id
        LIMIT greatest(0, (
            SELECT count(*)
            FROM concurrency_slots c
            WHERE c.tenant_id = k.tenant_id AND c.workflow_id = k.workflow_id AND c.key = k.key
              AND c.evicted_at IS NULL
        ) - k.slots)
    ) AS surplus
    WHERE k.tenant_id = $1 AND (k.workflow_id, k.key) IN (SELECT * FROM unnest($2::text[], $3::text[]))
)
RETURNING execution_id;

-- name: admit
-- Let executions that wait under the keys (locked) take the slots that are free, the most urgent and then the longest
-- waiting first. One that was asked to pause is passed over until it was asked to resume.
WITH next AS (
    SELECT head.execution_id
    FROM concurrency_keys k
    CROSS JOIN LATERAL (
        SELECT s.execution_id
        FROM concurrency_slots s
        WHERE s.tenant_id = k.tenant_id AND s.workflow_id = k.workflow_id AND s.key = k.key
          AND s.taken_at IS NULL AND s.evicted_at IS NULL
          AND (
              SELECT i.kind
              FROM inbox i
              WHERE i.tenant_id = s.tenant_id AND i.execution_id = s.execution_id AND i.kind IN ('pause', 'resume')
              ORDER BY i.seq DESC
              LIMIT 1
          ) IS DISTINCT FROM 'pause'
        ORDER BY s.priority DESC, s.queued_at, s.execution_id
        LIMIT greatest(0, k.slots - (
            SELECT count(*)
            FROM concurrency_slots t
            WHERE t.tenant_id = k.tenant_id AND t.workflow_id = k.workflow_id AND t.key = k.key
              AND t.taken_at IS NOT NULL
        ))
    ) AS head
    WHERE k.tenant_id = $1 AND (k.workflow_id, k.key) IN (SELECT * FROM unnest($2::text[], $3::text[]))
), taken AS (
    UPDATE concurrency_slots
    SET taken_at = to_timestamp($4::float8)
    WHERE tenant_id = $1 AND execution_id IN (SELECT execution_id FROM next)
    RETURNING execution_id
), turn AS (
    SELECT e.id
    FROM executions e
    WHERE e.tenant_id = $1 AND e.id IN (SELECT execution_id FROM taken)
    ORDER BY e.id
    FOR UPDATE
)
UPDATE executions e
SET is_queued = false,
    wake_at = CASE WHEN e.owner IS NULL THEN least(e.wake_at, to_timestamp($4::float8)) ELSE e.wake_at END
FROM turn
WHERE e.tenant_id = $1 AND e.id = turn.id
RETURNING e.id;

-- name: free
-- Take an execution off its key.
DELETE FROM concurrency_slots WHERE tenant_id = $1 AND execution_id = $2;

-- name: forget
-- Remove keys (locked) that nothing counts towards any more.
DELETE FROM concurrency_keys k
WHERE k.tenant_id = $1 AND (k.workflow_id, k.key) IN (SELECT * FROM unnest($2::text[], $3::text[]))
  AND NOT EXISTS (
      SELECT FROM concurrency_slots s
      WHERE s.tenant_id = k.tenant_id AND s.workflow_id = k.workflow_id AND s.key = k.key
  );

-- name: reprioritize
-- Give an execution that waits another place in the queue.
UPDATE concurrency_slots SET priority = $3 WHERE tenant_id = $1 AND execution_id = $2;
