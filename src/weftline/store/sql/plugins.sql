-- name: unwanted
-- Plugins that are not to run.
SELECT id FROM plugins WHERE NOT is_wanted;

-- name: disabled
-- Tenants that have switched off plugins, of those that are here.
-- scope: all tenants, because a process runs plugins for every tenant.
SELECT tenant_id, plugin_id FROM plugin_settings WHERE NOT is_enabled AND plugin_id = ANY($1::text[]);

-- name: enabled
-- Tenants that have switched on plugins, of those that are off until then.
-- scope: all tenants, because a process runs plugins for every tenant.
SELECT tenant_id, plugin_id FROM plugin_settings WHERE is_enabled AND plugin_id = ANY($1::text[]);

-- name: settings
-- What a tenant has set for a plugin.
SELECT configuration::text, sealed FROM plugin_settings WHERE tenant_id = $1 AND plugin_id = $2;

-- name: sealed_with_others
-- Secrets that are sealed with other data keys than a tenant's newest, a few at a time.
SELECT plugin_id, sealed
FROM plugin_settings
WHERE tenant_id = $1 AND sealed IS NOT NULL AND substr(sealed, 1, 4) <> int4send($2::int4)
ORDER BY plugin_id
LIMIT $3;

-- name: reseal
-- The same secrets under another key; not where they have been changed meanwhile.
UPDATE plugin_settings SET sealed = $4 WHERE tenant_id = $1 AND plugin_id = $2 AND sealed = $3;
