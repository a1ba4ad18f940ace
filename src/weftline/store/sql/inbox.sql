-- name: send
-- Put messages into the inboxes of executions, in their order, and make those ready; nothing where an execution does not
-- exist. One that has ended takes messages only where one of them may revive it ($5). One that waits for a slot is made
-- ready by being cancelled alone. An execution whose payloads are sealed takes only such ($7): others come back without
-- a number, with the execution locked. With each number come that of the last event before, and whether the execution
-- waits for a slot.
WITH message AS (
    SELECT m.tenant_id, m.execution_id, m.kind, m.payload, m.revives,
           row_number() OVER (PARTITION BY m.tenant_id, m.execution_id ORDER BY m.ordinal) AS position
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[]) WITH ORDINALITY
         AS m(tenant_id, execution_id, kind, payload, revives, ordinal)
), recipient AS MATERIALIZED (
    SELECT m.tenant_id, m.execution_id, count(*) AS total, bool_or(m.revives) AS revives,
           bool_or(m.kind = 'cancel') AS cancels
    FROM message m
    GROUP BY m.tenant_id, m.execution_id
    ORDER BY m.tenant_id, m.execution_id
), locked AS MATERIALIZED (
    SELECT e.tenant_id, e.id, e.is_sealed, r.total, r.cancels
    FROM recipient r
    CROSS JOIN LATERAL (
        SELECT e.tenant_id, e.id, e.is_sealed
        FROM executions e
        WHERE e.tenant_id = r.tenant_id AND e.id = r.execution_id
          AND (r.revives OR e.status NOT IN ('completed', 'failed', 'cancelled', 'timed_out'))
        FOR UPDATE
    ) e
), target AS (
    UPDATE executions e
    SET inbox_seq = e.inbox_seq + l.total,
        wake_at = CASE
            WHEN e.owner IS NULL AND (l.cancels OR NOT e.is_queued) THEN to_timestamp($6::float8)
            ELSE e.wake_at
        END
    FROM locked l
    WHERE e.tenant_id = l.tenant_id AND e.id = l.id AND l.is_sealed = $7
    RETURNING e.tenant_id, e.id, e.inbox_seq - l.total AS base, e.is_queued
), sent AS (
    INSERT INTO inbox (tenant_id, execution_id, seq, kind, payload)
    SELECT t.tenant_id, t.id, t.base + m.position, m.kind, m.payload::jsonb
    FROM target t JOIN message m ON m.tenant_id = t.tenant_id AND m.execution_id = t.id
    RETURNING execution_id, seq
)
SELECT s.execution_id, s.seq, t.is_queued,
       (SELECT coalesce(max(v.seq), 0) FROM events v WHERE v.tenant_id = t.tenant_id AND v.execution_id = t.id) AS after
FROM sent s JOIN target t ON t.id = s.execution_id
UNION ALL
SELECT id, NULL, NULL, NULL FROM locked WHERE is_sealed AND NOT $7;

-- name: deliver
-- Send events to every step that subscribed to their names, and to their correlation where the step asked for one.
-- Nothing is sent to executions whose payloads are sealed: those come back locked, each with the step and the event's
-- number.
WITH event AS (
    SELECT *
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
         AS u(tenant_id, name, correlation, payload, ordinal)
), matched AS (
    SELECT s.tenant_id, s.execution_id, s.step_id, v.name, v.payload, v.ordinal,
           row_number() OVER (PARTITION BY s.tenant_id, s.execution_id ORDER BY v.ordinal, s.step_id) AS position,
           count(*) OVER (PARTITION BY s.tenant_id, s.execution_id) AS total
    FROM event v
    JOIN event_subscriptions s ON s.tenant_id = v.tenant_id AND s.name = v.name
         AND (s.correlation IS NULL OR s.correlation = v.correlation)
), locked AS (
    SELECT e.tenant_id, e.id, e.is_sealed
    FROM executions e
    JOIN matched m ON e.tenant_id = m.tenant_id AND e.id = m.execution_id AND m.position = 1
    WHERE e.status NOT IN ('completed', 'failed', 'cancelled', 'timed_out')
    ORDER BY e.tenant_id, e.id
    FOR UPDATE OF e
), target AS (
    UPDATE executions e
    SET inbox_seq = e.inbox_seq + m.total,
        wake_at = CASE WHEN e.owner IS NULL THEN to_timestamp($5::float8) ELSE e.wake_at END
    FROM matched m, locked l
    WHERE e.tenant_id = l.tenant_id AND e.id = l.id AND NOT l.is_sealed
      AND m.tenant_id = l.tenant_id AND m.execution_id = l.id AND m.position = 1
    RETURNING e.tenant_id, e.id, e.inbox_seq - m.total AS base
), sent AS (
    INSERT INTO inbox (tenant_id, execution_id, seq, kind, payload)
    SELECT t.tenant_id, t.id, t.base + m.position, 'signal',
           jsonb_build_object('name', m.name, 'payload', m.payload::jsonb, 'step', m.step_id)
    FROM target t JOIN matched m ON m.tenant_id = t.tenant_id AND m.execution_id = t.id
    RETURNING execution_id
)
SELECT execution_id, NULL AS step_id, NULL::bigint AS ordinal FROM sent
UNION ALL
(SELECT m.execution_id, m.step_id, m.ordinal
 FROM locked l JOIN matched m ON m.tenant_id = l.tenant_id AND m.execution_id = l.id
 WHERE l.is_sealed
 ORDER BY m.execution_id, m.position);

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
