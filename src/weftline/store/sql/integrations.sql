-- name: integration
-- An imported integration.
SELECT name, title, description, category, icon, base_url, config::text, auth::text, needs_connection, docs_url,
       action_count
FROM integrations
WHERE tenant_id = $1 AND name = $2;

-- name: integrations
-- All that a tenant has imported.
SELECT name, title, description, category, icon, base_url, config::text, auth::text, needs_connection, docs_url,
       action_count
FROM integrations
WHERE tenant_id = $1
ORDER BY name;

-- name: action
-- An imported action.
SELECT name, title, description, tags, input_schema::text, output_schema::text, operation::text, method, path,
       removed_at IS NOT NULL AS is_removed
FROM integration_actions
WHERE tenant_id = $1 AND integration = $2 AND name = $3;

-- name: outputs
-- What imported actions give.
SELECT a.integration, a.name, a.output_schema::text
FROM unnest($2::text[], $3::text[]) AS u(integration, name)
JOIN integration_actions a ON a.tenant_id = $1 AND a.integration = u.integration AND a.name = u.name;

-- name: schemas
-- The schemas of these names and those that they refer to, the nearest first.
WITH RECURSIVE reached (name) AS (
    SELECT unnest($3::text[])
    UNION
    SELECT unnest(s.refers_to)
    FROM reached r JOIN integration_schemas s ON s.tenant_id = $1 AND s.integration = $2 AND s.name = r.name
)
SELECT s.name, s.schema::text
FROM (SELECT name FROM reached LIMIT $4) r
JOIN integration_schemas s ON s.tenant_id = $1 AND s.integration = $2 AND s.name = r.name;

-- name: names
-- Names of the actions of these integrations, as definitions call them.
SELECT integration || '.' || name
FROM integration_actions
WHERE tenant_id = $1 AND integration = ANY($2::text[]);
