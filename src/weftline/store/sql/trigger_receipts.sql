-- name: count_call
-- Count a call of a webhook that may be called; the count begins anew each minute.
UPDATE triggers t
SET window_count = CASE WHEN t.window_start > now() - interval '1 minute' THEN t.window_count + 1 ELSE 1 END,
    window_start = CASE WHEN t.window_start > now() - interval '1 minute' THEN t.window_start ELSE now() END
WHERE t.tenant_id = $1 AND t.id = $2 AND t.status = 'active'
RETURNING t.window_count, extract(epoch FROM t.window_start + interval '1 minute' - now())::float8 AS seconds;

-- name: prune
-- Forget some of what a webhook has seen and need remember no longer.
DELETE FROM trigger_receipts
WHERE tenant_id = $1 AND trigger_id = $2 AND expires_at <= now() AND digest IN (
    SELECT r.digest
    FROM trigger_receipts r
    WHERE r.tenant_id = $1 AND r.trigger_id = $2 AND r.expires_at <= now()
    LIMIT 100
);

-- name: remember
-- Remember what a webhook has seen; nothing where it has seen it before, and need still remember it.
INSERT INTO trigger_receipts (tenant_id, trigger_id, digest, delivery, expires_at)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
ON CONFLICT (tenant_id, trigger_id, digest) DO UPDATE
SET delivery = excluded.delivery, execution_id = NULL, expires_at = excluded.expires_at
WHERE trigger_receipts.expires_at <= now()
RETURNING true;

-- name: recall
-- What a webhook has seen.
SELECT delivery, execution_id FROM trigger_receipts WHERE tenant_id = $1 AND trigger_id = $2 AND digest = $3;

-- name: started
-- What came of what a webhook has seen.
UPDATE trigger_receipts SET execution_id = $4 WHERE tenant_id = $1 AND trigger_id = $2 AND digest = ANY ($3::bytea[]);
