-- Lock order: rows of triggers before those of integration_triggers; or skip locked ones.

-- name: claim
-- Take up to $3 triggers of kind $2 that are due, the longest first, for so many seconds, and say whether their tenants
-- rest. Whoever had one before and did not tell has it no longer.
-- scope: all tenants, because every worker looks for every tenant.
UPDATE integration_triggers s
SET holder = gen_random_uuid(), next_at = to_timestamp($1::float8 + $4::float8), last_run_at = to_timestamp($1::float8)
FROM (SELECT d.tenant_id, d.trigger_id
      FROM integration_triggers d
      WHERE d.kind = $2 AND d.next_at <= to_timestamp($1::float8)
      ORDER BY d.next_at
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) due
JOIN triggers t ON t.tenant_id = due.tenant_id AND t.id = due.trigger_id
WHERE s.tenant_id = due.tenant_id AND s.trigger_id = due.trigger_id
RETURNING t.tenant_id, t.id, t.workflow_id, t.key, t.version_number, t.declaration::text AS declaration,
          s.kind, s.holder, s.cursor::text AS cursor, s.failures,
          (SELECT true FROM tenants o WHERE o.id = t.tenant_id AND o.status <> 'active') IS TRUE AS is_suspended;

-- name: renew
-- Have triggers for longer; those that come back are still the holder's. Says whether their tenants rest by now.
-- scope: all tenants, because a worker has triggers of every tenant.
UPDATE integration_triggers s
SET next_at = to_timestamp($1::float8)
WHERE (s.tenant_id, s.trigger_id, s.holder) IN (
    SELECT u.tenant_id, u.trigger_id, u.holder FROM unnest($2::uuid[], $3::uuid[], $4::uuid[])
    AS u(tenant_id, trigger_id, holder))
RETURNING s.holder,
          (SELECT true FROM tenants o WHERE o.id = s.tenant_id AND o.status <> 'active') IS TRUE AS is_suspended;

-- name: held
-- The trigger, locked, if it still fires and the holder still has it.
SELECT t.tenant_id, t.id, t.workflow_id, t.key, t.version_number, t.declaration::text AS declaration
FROM triggers t
JOIN integration_triggers s ON s.tenant_id = t.tenant_id AND s.trigger_id = t.id
WHERE t.tenant_id = $1 AND t.id = $2 AND s.holder = $3 AND t.status = 'active'
FOR NO KEY UPDATE OF t;

-- name: remember
-- Remember events; those come back that were not seen before, or so long ago that nobody need remember it.
INSERT INTO trigger_receipts (tenant_id, trigger_id, digest, delivery, seen_at, expires_at)
SELECT $1, $2, u.digest, u.delivery, to_timestamp($3::float8), to_timestamp($3::float8 + $4::float8)
FROM unnest($5::bytea[], $6::text[]) AS u(digest, delivery)
ON CONFLICT (tenant_id, trigger_id, digest) DO UPDATE
SET delivery = excluded.delivery, execution_id = NULL, error = NULL, seen_at = excluded.seen_at,
    expires_at = excluded.expires_at
WHERE trigger_receipts.expires_at <= to_timestamp($3::float8)
RETURNING digest;

-- name: settle
-- What came of events.
UPDATE trigger_receipts r
SET execution_id = u.execution_id, error = u.error::jsonb
FROM unnest($3::bytea[], $4::uuid[], $5::text[]) AS u(digest, execution_id, error)
WHERE r.tenant_id = $1 AND r.trigger_id = $2 AND r.digest = u.digest;

-- name: prune
-- Forget some of the events that nobody need remember any more.
DELETE FROM trigger_receipts
WHERE tenant_id = $1 AND trigger_id = $2 AND digest IN (
    SELECT r.digest
    FROM trigger_receipts r
    WHERE r.tenant_id = $1 AND r.trigger_id = $2 AND r.expires_at <= to_timestamp($3::float8)
    LIMIT $4
);

-- name: progress
-- Events were taken: how far the trigger has come. Nothing where another holder has it by now. It is let go where $4 says
-- so, and is due again at $5; without $6 the cursor stays.
UPDATE integration_triggers
SET holder = CASE WHEN $4 THEN NULL ELSE holder END,
    next_at = to_timestamp($5::float8),
    cursor = CASE WHEN $6 THEN $7::jsonb ELSE cursor END,
    received = received + $8,
    duplicates = duplicates + $9,
    rejected = rejected + $10,
    failures = 0, waits_for = NULL, held = NULL
WHERE tenant_id = $1 AND trigger_id = $2 AND holder = $3
RETURNING true;

-- name: count
-- A call came: what was in it.
UPDATE integration_triggers
SET received = received + $3, duplicates = duplicates + $4, rejected = rejected + $5, last_run_at = now(),
    failures = 0, waits_for = NULL, held = NULL
WHERE tenant_id = $1 AND trigger_id = $2;

-- name: fail
-- Nothing came of it; it is due again at $4.
UPDATE integration_triggers
SET holder = NULL, next_at = to_timestamp($4::float8), failures = $5, last_error = $6::jsonb,
    last_error_at = to_timestamp($7::float8), waits_for = NULL, held = NULL
WHERE tenant_id = $1 AND trigger_id = $2 AND holder = $3;

-- name: hold
-- Nobody can look before somebody has seen to the connection $5; due again at $4, should nobody tell.
UPDATE integration_triggers
SET holder = NULL, next_at = to_timestamp($4::float8), waits_for = $5, held = $6::jsonb
WHERE tenant_id = $1 AND trigger_id = $2 AND holder = $3;

-- name: let_go
-- The holder has it no longer; it is due at $4.
UPDATE integration_triggers
SET holder = NULL, next_at = to_timestamp($4::float8)
WHERE tenant_id = $1 AND trigger_id = $2 AND holder = $3;

-- name: shelve
-- Let a trigger wait until its tenant is active again: nobody comes across it before.
WITH resting AS (
    UPDATE triggers SET is_shelved = true WHERE tenant_id = $1 AND id = $2 AND status = 'active'
    RETURNING tenant_id, id
)
UPDATE integration_triggers s
SET holder = NULL, next_at = NULL
FROM resting
WHERE s.tenant_id = resting.tenant_id AND s.trigger_id = resting.id AND s.holder = $3;

-- name: wake
-- The triggers that wait for a connection look again at once.
UPDATE integration_triggers SET next_at = 'epoch'
WHERE tenant_id = $1 AND waits_for = $2 AND next_at IS NOT NULL AND holder IS NULL;

-- name: declare
-- What fires a trigger of an integration. It has come as far as before where it looks at the same thing.
INSERT INTO integration_triggers AS s (tenant_id, trigger_id, kind, fingerprint, next_at)
VALUES ($1, $2, $3, $4, to_timestamp($5::float8))
ON CONFLICT (tenant_id, trigger_id) DO UPDATE
SET kind = excluded.kind,
    fingerprint = excluded.fingerprint,
    cursor = CASE WHEN s.fingerprint = excluded.fingerprint THEN s.cursor END,
    next_at = CASE WHEN s.fingerprint = excluded.fingerprint AND excluded.next_at IS NOT NULL AND s.holder IS NOT NULL
                   THEN s.next_at ELSE excluded.next_at END,
    holder = CASE WHEN s.fingerprint = excluded.fingerprint AND excluded.next_at IS NOT NULL THEN s.holder END,
    failures = CASE WHEN s.fingerprint = excluded.fingerprint THEN s.failures ELSE 0 END,
    waits_for = CASE WHEN s.fingerprint = excluded.fingerprint THEN s.waits_for END,
    held = CASE WHEN s.fingerprint = excluded.fingerprint THEN s.held END,
    last_error = CASE WHEN s.fingerprint = excluded.fingerprint THEN s.last_error END,
    last_error_at = CASE WHEN s.fingerprint = excluded.fingerprint THEN s.last_error_at END;

-- name: forget_seen
-- Forget what a trigger has seen, where it is to look at something else than $3 from now on.
DELETE FROM trigger_receipts r
USING integration_triggers s
WHERE r.tenant_id = $1 AND r.trigger_id = $2 AND s.tenant_id = $1 AND s.trigger_id = $2
  AND s.fingerprint IS DISTINCT FROM $3;

-- name: remove
-- The trigger is of another type by now.
DELETE FROM integration_triggers WHERE tenant_id = $1 AND trigger_id = $2;

-- name: halt_all
-- Nobody looks for the triggers of a workflow.
UPDATE integration_triggers s
SET next_at = NULL, holder = NULL
FROM triggers t
WHERE t.tenant_id = $1 AND t.workflow_id = $2 AND s.tenant_id = t.tenant_id AND s.trigger_id = t.id;

-- name: set_due
-- A trigger is due at $3, or nobody looks; whoever had it has it no longer.
UPDATE integration_triggers
SET next_at = CASE WHEN kind <> 'WEBHOOK' THEN to_timestamp($3::float8) END, holder = NULL
WHERE tenant_id = $1 AND trigger_id = $2;

-- name: reset
-- Begin anew, as if nobody had looked before.
UPDATE integration_triggers
SET cursor = NULL, holder = NULL, failures = 0, waits_for = NULL, held = NULL, last_error = NULL, last_error_at = NULL,
    next_at = CASE WHEN next_at IS NOT NULL THEN to_timestamp($3::float8) END
WHERE tenant_id = $1 AND trigger_id = $2;

-- name: forget_all
-- Forget everything that a trigger has seen.
DELETE FROM trigger_receipts WHERE tenant_id = $1 AND trigger_id = $2;

-- name: states
-- How triggers stand.
SELECT s.trigger_id, s.kind, t.status, s.next_at, s.holder IS NOT NULL AS is_at_work, s.held::text AS held, s.failures,
       s.last_run_at, s.last_error::text AS last_error, s.last_error_at, s.received, s.duplicates, s.rejected,
       s.cursor IS NOT NULL AS has_cursor
FROM integration_triggers s
JOIN triggers t ON t.tenant_id = s.tenant_id AND t.id = s.trigger_id
WHERE s.tenant_id = $1 AND s.trigger_id = ANY ($2::uuid[]);

-- name: rejected
-- The last events of a trigger that started nothing.
SELECT delivery, seen_at, error::text AS error
FROM trigger_receipts
WHERE tenant_id = $1 AND trigger_id = $2 AND error IS NOT NULL
ORDER BY seen_at DESC, digest
LIMIT $3;
