-- name: open
-- Put human tasks into the inbox of those who may do them.
INSERT INTO human_tasks (tenant_id, id, execution_id, workflow_id, step_id, name, form, assign_to, outcomes,
                         approvals_required, approving_outcomes, four_eyes, started_by, notifies, notify_at,
                         escalation, escalate_at, created_at, due_at, is_sealed)
SELECT t.tenant_id, t.id, t.execution_id, t.workflow_id, t.step_id, t.name, t.form::json,
       ARRAY(SELECT jsonb_array_elements_text(t.assign_to::jsonb)),
       ARRAY(SELECT jsonb_array_elements_text(t.outcomes::jsonb)),
       t.approvals_required,
       ARRAY(SELECT jsonb_array_elements_text(t.approving_outcomes::jsonb)),
       t.four_eyes, e.started_by, t.notifies,
       CASE WHEN t.notifies THEN to_timestamp(t.created_at) END,
       t.escalation::jsonb, to_timestamp(t.escalate_at), to_timestamp(t.created_at), to_timestamp(t.due_at),
       t.is_sealed
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::int[], $11::text[], $12::bool[], $13::bool[], $14::text[], $15::float8[],
            $16::float8[], $17::float8[], $18::bool[])
     AS t(tenant_id, execution_id, id, workflow_id, step_id, name, form, assign_to, outcomes, approvals_required,
          approving_outcomes, four_eyes, notifies, escalation, escalate_at, created_at, due_at,
          is_sealed)
JOIN executions e ON e.tenant_id = t.tenant_id AND e.id = t.execution_id
ON CONFLICT (tenant_id, id) DO NOTHING;

-- name: close
-- Take back human tasks that nobody completed and that are no longer wanted.
UPDATE human_tasks t
SET status = 'cancelled', completed_at = to_timestamp($4::float8), notify_at = NULL, escalate_at = NULL
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS c(tenant_id, execution_id, id)
WHERE t.tenant_id = c.tenant_id AND t.execution_id = c.execution_id AND t.id = c.id AND t.status IN ('open', 'claimed');

-- name: hold_execution
-- Lock the execution of a task, as workers do before they touch its tasks.
SELECT x.id
FROM executions x
WHERE x.tenant_id = $1 AND x.id = (SELECT t.execution_id FROM human_tasks t WHERE t.tenant_id = $1 AND t.id = $2)
FOR NO KEY UPDATE;

-- name: decide
-- Write what somebody decided, and the task as that leaves it.
WITH vote AS (
    INSERT INTO task_votes (tenant_id, task_id, voter_id, voter, outcome, is_approving, data, comment, link_id, voted_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10)
)
UPDATE human_tasks
SET approvals_given = $11, status = $12, data = $13::jsonb, outcome = $14, completed_by = $15, completed_by_id = $16,
    completed_at = $17, notify_at = $18, escalate_at = $19
WHERE tenant_id = $1 AND id = $2;
