-- Lock order: rows of triggers, in the order of (tenant_id, id), before those of limits and executions; or skip locked ones.

-- name: due
-- Take up to $2 schedules that are due, the longest first, and say whether their tenants rest.
-- scope: all tenants, because every worker's scheduler serves every tenant.
SELECT t.tenant_id, t.id, t.workflow_id, t.key, t.version_number, t.declaration::text AS declaration,
       extract(epoch FROM t.next_for)::float8 AS next_for,
       (SELECT true FROM tenants o WHERE o.id = t.tenant_id AND o.status <> 'active') IS TRUE AS is_suspended
FROM triggers t
WHERE t.status = 'active' AND NOT t.is_shelved AND t.next_at <= to_timestamp($1::float8)
ORDER BY t.next_at
LIMIT $2
FOR NO KEY UPDATE OF t SKIP LOCKED;

-- name: due_one
-- Take one schedule, if it is still due.
SELECT t.tenant_id, t.id, t.workflow_id, t.key, t.version_number, t.declaration::text AS declaration,
       extract(epoch FROM t.next_for)::float8 AS next_for, false AS is_suspended
FROM triggers t
WHERE t.tenant_id = $1 AND t.id = $2
  AND t.status = 'active' AND NOT t.is_shelved AND t.next_at <= to_timestamp($3::float8)
FOR NO KEY UPDATE OF t SKIP LOCKED;

-- name: next_due
-- When the next schedule is due, Unix seconds; NULL where none is.
-- scope: all tenants, because every worker's scheduler serves every tenant.
SELECT extract(epoch FROM t.next_at)::float8
FROM triggers t
WHERE t.status = 'active' AND NOT t.is_shelved AND t.next_at IS NOT NULL
ORDER BY t.next_at
LIMIT 1;

-- name: advance
-- When schedules fire next; those that do not have ended.
UPDATE triggers t
SET next_for = to_timestamp(u.next_for),
    next_at = to_timestamp(u.next_at),
    status = CASE WHEN u.next_for IS NULL THEN 'ended' ELSE t.status END
FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::float8[]) AS u(tenant_id, id, next_for, next_at)
WHERE t.tenant_id = u.tenant_id AND t.id = u.id;

-- name: record
-- Count what came of firings.
UPDATE triggers t
SET fired = t.fired + u.fired,
    failed = t.failed + u.failed,
    skipped = t.skipped + u.skipped,
    last_fired_at = CASE WHEN u.fired > 0 THEN to_timestamp($1::float8) ELSE t.last_fired_at END,
    last_execution_id = coalesce(u.execution_id, t.last_execution_id),
    last_error = coalesce(u.error::jsonb, t.last_error),
    last_error_at = CASE WHEN u.error IS NOT NULL THEN to_timestamp($1::float8) ELSE t.last_error_at END
FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::uuid[], $8::text[])
     AS u(tenant_id, id, fired, failed, skipped, execution_id, error)
WHERE t.tenant_id = u.tenant_id AND t.id = u.id;

-- name: lock
-- Lock triggers that fire, of those that may.
SELECT t.tenant_id, t.id, t.workflow_id, t.key, t.version_number, t.declaration::text AS declaration
FROM triggers t
JOIN unnest($1::uuid[], $2::uuid[]) AS w(tenant_id, id) ON t.tenant_id = w.tenant_id AND t.id = w.id
WHERE t.status IN ('active', 'paused', 'ended')
ORDER BY t.tenant_id, t.id
FOR NO KEY UPDATE OF t;

-- name: waiting_for
-- The triggers that events fire: $2 has their names, and all that these begin with; $3 says which event each is of.
SELECT w.number, t.tenant_id, t.id
FROM unnest($1::uuid[], $2::text[], $3::int[]) AS w(tenant_id, name, number)
JOIN triggers t ON t.tenant_id = w.tenant_id AND t.event_name = w.name AND t.status = 'active'
ORDER BY w.number, t.id;

-- name: shelve
-- Let schedules wait until their tenants are active again: nobody comes across them before.
UPDATE triggers t
SET is_shelved = true
FROM unnest($1::uuid[], $2::uuid[]) AS u(tenant_id, id)
WHERE t.tenant_id = u.tenant_id AND t.id = u.id;

-- name: shelved_tenants
-- Up to $2 tenants after $1 that have shelved schedules, in order, and whether each is active again; one look into the
-- index for each.
-- scope: all tenants, because any of them may have become active again.
WITH RECURSIVE shelf AS (
    (SELECT t.tenant_id, 1 AS position
     FROM triggers t
     WHERE t.is_shelved AND t.tenant_id > $1
     ORDER BY t.tenant_id
     LIMIT 1)
    UNION ALL
    SELECT (SELECT t.tenant_id
            FROM triggers t
            WHERE t.is_shelved AND t.tenant_id > shelf.tenant_id
            ORDER BY t.tenant_id
            LIMIT 1),
           shelf.position + 1
    FROM shelf
    WHERE shelf.tenant_id IS NOT NULL AND shelf.position < $2::int
)
SELECT shelf.tenant_id,
       (SELECT true FROM tenants o WHERE o.id = shelf.tenant_id AND o.status <> 'active') IS NOT TRUE AS is_active
FROM shelf
WHERE shelf.tenant_id IS NOT NULL;

-- name: unshelve
-- Let a tenant's schedules, and its triggers of integrations, go on.
WITH back AS (
    UPDATE triggers SET is_shelved = false WHERE tenant_id = $1 AND is_shelved RETURNING tenant_id, id
)
UPDATE integration_triggers s
SET next_at = 'epoch'
FROM back
WHERE s.tenant_id = back.tenant_id AND s.trigger_id = back.id AND s.kind <> 'WEBHOOK';

-- name: of_workflow
-- The triggers of a workflow, locked.
SELECT t.id, t.key, t.type, t.declaration::text AS declaration, t.status, t.paused_at IS NOT NULL AS is_paused,
       t.token_hash IS NOT NULL AS has_token,
       extract(epoch FROM t.next_for)::float8 AS next_for
FROM triggers t
WHERE t.tenant_id = $1 AND t.workflow_id = $2
ORDER BY t.id
FOR UPDATE;

-- name: declare
-- Write a trigger as a version declares it; what became of it stays, and so does its token where $14 says that it has an
-- address.
INSERT INTO triggers (tenant_id, id, workflow_id, key, version_number, type, declaration, status, event_name,
                      next_for, next_at, token_hash, token_sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, to_timestamp($10::float8), to_timestamp($11::float8), $12, $13)
ON CONFLICT (tenant_id, id) DO UPDATE
SET version_number = excluded.version_number,
    type = excluded.type,
    declaration = excluded.declaration,
    status = excluded.status,
    event_name = excluded.event_name,
    next_for = excluded.next_for,
    next_at = excluded.next_at,
    is_shelved = false,
    token_hash = CASE WHEN $14 THEN coalesce(excluded.token_hash, triggers.token_hash) END,
    token_sealed = CASE WHEN $14 THEN coalesce(excluded.token_sealed, triggers.token_sealed) END,
    updated_at = now();

-- name: remove_others
-- Remove the triggers of a workflow that are declared no longer.
DELETE FROM triggers WHERE tenant_id = $1 AND workflow_id = $2 AND id <> ALL ($3::uuid[]);

-- name: stop_all
-- Stop the triggers of a workflow.
UPDATE triggers
SET status = 'stopped', next_for = NULL, next_at = NULL, is_shelved = false, updated_at = now()
WHERE tenant_id = $1 AND workflow_id = $2;
