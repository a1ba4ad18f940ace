-- name: look
-- What is remembered of a key that has not expired.
SELECT request, answer, took_effect_at IS NOT NULL AS took_effect, alive_until > now() AS is_alive
FROM idempotency_keys
WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND expires_at > now();

-- name: begin
-- An act under a key that is new or has expired, or whose last act has ended without effect.
INSERT INTO idempotency_keys AS known (tenant_id, caller, key, attempt, request, alive_until, expires_at)
VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), now() + make_interval(secs => $7))
ON CONFLICT (tenant_id, caller, key) DO UPDATE
SET attempt = EXCLUDED.attempt, request = EXCLUDED.request, alive_until = EXCLUDED.alive_until,
    took_effect_at = NULL, answer = NULL, expires_at = EXCLUDED.expires_at
WHERE known.expires_at <= now()
   OR (known.answer IS NULL AND known.took_effect_at IS NULL AND known.alive_until <= now())
RETURNING attempt;

-- name: mark
-- The act has taken effect, should the transaction commit; where that has written nothing, nothing is marked.
WITH marked AS (
    UPDATE idempotency_keys SET took_effect_at = coalesce(took_effect_at, now())
    WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND attempt = $4
      AND pg_current_xact_id_if_assigned() IS NOT NULL
    RETURNING 1
)
SELECT pg_current_xact_id_if_assigned() IS NULL OR EXISTS (SELECT FROM marked);

-- name: finish
-- The act's answer.
UPDATE idempotency_keys SET answer = $5
WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND attempt = $4;

-- name: refuse
-- The answer of an act that was refused, where something had taken effect by then.
UPDATE idempotency_keys SET answer = $5
WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND attempt = $4 AND took_effect_at IS NOT NULL;

-- name: forget
-- An act that had no effect leaves nothing behind.
DELETE FROM idempotency_keys
WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND attempt = $4 AND took_effect_at IS NULL;

-- name: end
-- An act is no longer under way, and has no answer.
UPDATE idempotency_keys SET alive_until = now()
WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND attempt = $4 AND answer IS NULL;

-- name: renew
-- Acts are still under way. One whose row is locked is at its end.
-- scope: all tenants, because one process acts for many.
UPDATE idempotency_keys SET alive_until = now() + make_interval(secs => $2)
WHERE (tenant_id, caller, key) IN (
    SELECT tenant_id, caller, key FROM idempotency_keys
    WHERE attempt = ANY($1::uuid[]) AND (tenant_id, caller, key) IN (
        SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[])
    )
    FOR NO KEY UPDATE SKIP LOCKED
);

-- name: remove_expired
-- What nobody can ask for any more.
-- scope: all tenants, because it is one process that clears up for all.
DELETE FROM idempotency_keys
WHERE (tenant_id, caller, key) IN (
    SELECT tenant_id, caller, key FROM idempotency_keys
    WHERE expires_at <= now()
    LIMIT $1
    FOR UPDATE SKIP LOCKED
);
