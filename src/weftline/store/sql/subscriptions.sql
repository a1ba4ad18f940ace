-- name: subscribe
-- Let events find the steps that wait for them.
INSERT INTO event_subscriptions (tenant_id, execution_id, step_id, name, correlation)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (tenant_id, execution_id, step_id) DO NOTHING;

-- name: unsubscribe
-- The steps wait no longer.
DELETE FROM event_subscriptions s
USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS u(tenant_id, execution_id, step_id)
WHERE s.tenant_id = u.tenant_id AND s.execution_id = u.execution_id AND s.step_id = u.step_id;
