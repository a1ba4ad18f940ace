-- name: load
-- The variables that a workflow sees: its own before its tenant's.
SELECT DISTINCT ON (key) key, workflow_id, type, value::text, sealed
FROM variables
WHERE tenant_id = $1 AND workflow_id IN ('', $2)
ORDER BY key, workflow_id DESC;

-- name: numbers
-- How often the variables of tenants have been changed; nothing of a tenant that never had any.
SELECT tenant_id, number
FROM variable_versions
WHERE tenant_id = ANY($1::uuid[]);

-- name: sealed_with_others
-- Secrets that are sealed with other data keys than a tenant's newest, a few at a time.
SELECT workflow_id, key, sealed
FROM variables
WHERE tenant_id = $1 AND sealed IS NOT NULL AND substr(sealed, 1, 4) <> int4send($2::int4)
ORDER BY workflow_id, key
LIMIT $3;

-- name: reseal
-- The same secret under another key; not where it has been changed meanwhile.
UPDATE variables SET sealed = $5
WHERE tenant_id = $1 AND workflow_id = $2 AND key = $3 AND sealed = $4;
