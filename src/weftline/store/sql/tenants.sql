-- name: inactive
-- Those of the tenants $1 that are suspended or archived.
SELECT id FROM tenants WHERE id = ANY ($1::uuid[]) AND status <> 'active';

-- name: configuration
-- What tenant $1 is called, what it is configured to, and what is configured for all tenants.
SELECT t.slug, t.name, t.domain, t.configuration::text AS own,
       (SELECT p.configuration - 'registration' FROM platform_settings p)::text AS platform
FROM tenants t
WHERE t.id = $1;
