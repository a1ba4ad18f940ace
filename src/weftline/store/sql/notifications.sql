-- name: add
-- Note what people are to be told about executions, each thing once.
INSERT INTO notifications (tenant_id, execution_id, id, workflow_id, payload)
SELECT n.tenant_id, n.execution_id, n.id, n.workflow_id, n.payload::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
     AS n(tenant_id, execution_id, id, workflow_id, payload)
ON CONFLICT DO NOTHING;
