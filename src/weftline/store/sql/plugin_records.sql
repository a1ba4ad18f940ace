-- name: get
-- One document.
SELECT key, data::text, version, created_at, updated_at
FROM plugin_records
WHERE tenant_id = $1 AND plugin_id = $2 AND collection = $3 AND key = $4;

-- name: hold
-- Its state, to change it.
SELECT data::text, version
FROM plugin_records
WHERE tenant_id = $1 AND plugin_id = $2 AND collection = $3 AND key = $4
FOR UPDATE;

-- name: insert
-- A new document; none where somebody else has just made it.
INSERT INTO plugin_records (tenant_id, plugin_id, collection, key, data)
VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT DO NOTHING
RETURNING key, data::text, version, created_at, updated_at;

-- name: update
-- Another state of a document that is held.
UPDATE plugin_records
SET data = $5::text::jsonb, version = version + 1, updated_at = now()
WHERE tenant_id = $1 AND plugin_id = $2 AND collection = $3 AND key = $4
RETURNING key, data::text, version, created_at, updated_at;

-- name: delete
-- Remove a document that is held.
DELETE FROM plugin_records WHERE tenant_id = $1 AND plugin_id = $2 AND collection = $3 AND key = $4;

-- name: list
-- A page of documents by key, after one key and with a common beginning.
SELECT key, data::text, version, created_at, updated_at
FROM plugin_records
WHERE tenant_id = $1 AND plugin_id = $2 AND collection = $3 AND key > $4 AND starts_with(key, $5)
    -- what begins so stands together, and the index leads there; no key holds the last character that there is
    AND key >= $5 AND key < $5 || chr(1114111)
ORDER BY key
LIMIT $6;
