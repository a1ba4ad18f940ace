-- name: load
-- One version's definition.
SELECT v.definition::text, t.slug AS tenant_slug
FROM workflow_versions v JOIN tenants t ON t.id = v.tenant_id
WHERE v.tenant_id = $1 AND v.template_id = $2 AND v.version_number = $3;

-- name: published
-- The version that new executions of each workflow are pinned to, NULL where none is published, and where the workflow
-- stands.
SELECT id, published_version, status FROM workflow_templates WHERE tenant_id = $1 AND id = ANY ($2::text[]);

-- name: published_once
-- Those of the versions that are published, or were, and so will never change.
SELECT v.template_id, v.version_number
FROM workflow_versions v
JOIN unnest($2::text[], $3::int[]) AS w(template_id, version_number)
  ON v.template_id = w.template_id AND v.version_number = w.version_number
WHERE v.tenant_id = $1 AND v.published_at IS NOT NULL;
