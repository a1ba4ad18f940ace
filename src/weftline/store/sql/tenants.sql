-- name: inactive
-- Those of the tenants $1 that are suspended or archived.
SELECT id FROM tenants WHERE id = ANY ($1::uuid[]) AND status <> 'active';
