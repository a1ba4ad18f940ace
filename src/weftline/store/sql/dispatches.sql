-- name: add
-- Note what is to be carried out for other executions, in order.
INSERT INTO dispatches (tenant_id, kind, execution_id, payload)
SELECT d.tenant_id, d.kind, d.execution_id, d.payload::jsonb
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) WITH ORDINALITY
     AS d(tenant_id, kind, execution_id, payload, ordinal)
ORDER BY d.ordinal;

-- name: waiting
-- The first $2 that are to be carried out, of the kinds $1.
-- scope: all tenants, because executions of every tenant decide such things.
SELECT tenant_id, id, kind FROM dispatches WHERE refusal IS NULL AND kind = ANY ($1::text[]) ORDER BY id LIMIT $2;

-- name: lock
-- Whether the current transaction is now the only one that carries out dispatches.
SELECT pg_try_advisory_xact_lock(7733141);

-- name: take
-- Remove what the current transaction carries out; what another has carried out meanwhile is not there any more.
WITH taken AS (
    DELETE FROM dispatches d
    USING unnest($1::uuid[], $2::bigint[]) AS t(tenant_id, id)
    WHERE d.tenant_id = t.tenant_id AND d.id = t.id AND d.refusal IS NULL
    RETURNING d.tenant_id, d.id, d.execution_id, d.payload
)
SELECT tenant_id, execution_id, payload::text FROM taken ORDER BY id;

-- name: refuse
-- Set aside what cannot be carried out, and say why: only by the error's type where the payload is sealed, of which the
-- rest may tell something.
UPDATE dispatches
SET refusal = CASE WHEN jsonb_typeof(payload) = 'string' THEN $3 ELSE $3 || ': ' || $4 END
WHERE tenant_id = $1 AND id = $2 AND refusal IS NULL
RETURNING tenant_id, execution_id, payload::text;
