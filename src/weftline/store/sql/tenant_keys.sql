-- name: load
-- A tenant's data keys, the newest first. "settled" is false for what this very transaction may still take back.
SELECT version, wrapped, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age,
       created_at <> transaction_timestamp() AS settled
FROM tenant_keys
WHERE tenant_id = $1
ORDER BY version DESC;

-- name: load_many
-- The same of several tenants, for those who hold their keys in memory.
SELECT tenant_id, version, wrapped, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
FROM tenant_keys
WHERE tenant_id = ANY($1::uuid[])
ORDER BY tenant_id, version DESC;

-- name: add
-- A new data key; whoever comes second finds the first one's.
INSERT INTO tenant_keys (tenant_id, version, wrapped)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING;

-- name: retire
-- From a new version on the older ones only open.
UPDATE tenant_keys SET retired_at = now()
WHERE tenant_id = $1 AND version < $2 AND retired_at IS NULL;

-- name: rewrap
-- The same data key under another master key; not where another did it meanwhile.
UPDATE tenant_keys SET wrapped = $4
WHERE tenant_id = $1 AND version = $2 AND wrapped = $3;
