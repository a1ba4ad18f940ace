-- name: load
-- One version's definition.
SELECT v.definition::text, t.slug AS tenant_slug
FROM workflow_versions v JOIN tenants t ON t.id = v.tenant_id
WHERE v.tenant_id = $1 AND v.template_id = $2 AND v.version_number = $3;

-- name: published
-- The version that new executions of each workflow are pinned to; NULL where none is published.
SELECT id, published_version FROM workflow_templates WHERE tenant_id = $1 AND id = ANY ($2::text[]);
