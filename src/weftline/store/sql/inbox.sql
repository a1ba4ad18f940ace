-- name: send
-- Put a message into an execution's inbox and make it ready; nothing where it does not exist or has ended.
WITH target AS (
    UPDATE executions
    SET inbox_seq = inbox_seq + 1,
        wake_at = CASE WHEN owner IS NULL THEN to_timestamp($5::float8) ELSE wake_at END
    WHERE tenant_id = $1 AND id = $2 AND status NOT IN ('completed', 'failed', 'cancelled', 'timed_out')
    RETURNING tenant_id, id, inbox_seq
)
INSERT INTO inbox (tenant_id, execution_id, seq, kind, payload)
SELECT tenant_id, id, inbox_seq, $3, $4::jsonb FROM target
RETURNING seq;

-- name: deliver
-- Send an event to every step that subscribed to its name, and to its correlation where the step asked for one.
WITH matched AS (
    SELECT s.execution_id, s.step_id,
           row_number() OVER (PARTITION BY s.execution_id ORDER BY s.step_id) AS position,
           count(*) OVER (PARTITION BY s.execution_id) AS total
    FROM event_subscriptions s
    WHERE s.tenant_id = $1 AND s.name = $2 AND (s.correlation IS NULL OR s.correlation = $3)
), locked AS (
    SELECT e.id
    FROM executions e
    WHERE e.tenant_id = $1 AND e.id IN (SELECT execution_id FROM matched)
      AND e.status NOT IN ('completed', 'failed', 'cancelled', 'timed_out')
    ORDER BY e.id
    FOR UPDATE
), target AS (
    UPDATE executions e
    SET inbox_seq = e.inbox_seq + m.total,
        wake_at = CASE WHEN e.owner IS NULL THEN to_timestamp($5::float8) ELSE e.wake_at END
    FROM matched m, locked l
    WHERE e.tenant_id = $1 AND e.id = m.execution_id AND e.id = l.id AND m.position = 1
    RETURNING e.id, e.inbox_seq - m.total AS base
)
INSERT INTO inbox (tenant_id, execution_id, seq, kind, payload)
SELECT $1, t.id, t.base + m.position, 'signal',
       jsonb_build_object('name', $2::text, 'payload', $4::jsonb, 'step', m.step_id)
FROM target t JOIN matched m ON m.execution_id = t.id
RETURNING execution_id;

-- name: unread
-- The messages of several executions that their states have not seen.
SELECT i.execution_id, i.seq, i.kind, i.payload::text
FROM unnest($1::uuid[], $2::uuid[]) AS s(tenant_id, execution_id)
JOIN inbox i ON i.tenant_id = s.tenant_id AND i.execution_id = s.execution_id
ORDER BY i.tenant_id, i.execution_id, i.seq;

-- name: consume
-- Remove the messages whose effects are being committed.
DELETE FROM inbox i
USING unnest($1::uuid[], $2::uuid[], $3::int[]) AS c(tenant_id, execution_id, seq)
WHERE i.tenant_id = c.tenant_id AND i.execution_id = c.execution_id AND i.seq <= c.seq;
