-- name: record
-- Add what one commit counted. It is part of the statement that appends the facts.
INSERT INTO statistics_deltas (tenant_id, workflow_id, version_number, hour, running, counts)
SELECT c.tenant_id, c.workflow_id, c.version_number, to_timestamp(c.hour), c.running, c.counts::jsonb
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::float8[], $5::int[], $6::text[])
     AS c(tenant_id, workflow_id, version_number, hour, running, counts);

-- name: lock
-- Whether this transaction is the one that sums, until it ends: the number stands for that, and for nothing else.
SELECT pg_try_advisory_xact_lock(7741002);

-- name: compact
-- Add up to $1 commits' counts to those of their hours; returns how many commits.
-- scope: all tenants, because one loop serves them all.
WITH taken AS (
    DELETE FROM statistics_deltas
    WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM statistics_deltas d LIMIT $1))
    RETURNING tenant_id, workflow_id, version_number, hour, running, counts
), running AS (
    INSERT INTO statistics_running AS r (tenant_id, workflow_id, version_number, running)
    SELECT t.tenant_id, t.workflow_id, t.version_number, sum(t.running)
    FROM taken t
    WHERE t.running <> 0
    GROUP BY t.tenant_id, t.workflow_id, t.version_number
    ON CONFLICT (tenant_id, workflow_id, version_number) DO UPDATE SET running = r.running + excluded.running
), entries AS MATERIALIZED (
    SELECT t.tenant_id, t.workflow_id, t.version_number, t.hour, e.*
    FROM taken t
    CROSS JOIN LATERAL jsonb_to_recordset(t.counts)
        AS e(node_id text, started bigint, completed bigint, failed bigint, timed_out bigint, cancelled bigint,
             skipped bigint, rolled_back bigint, retried bigint, duration_sum bigint, duration_min bigint,
             duration_max bigint, buckets integer[], numbers bigint[])
), durations AS (
    SELECT tenant_id, workflow_id, version_number, node_id, hour,
           array_agg(bucket ORDER BY bucket) AS buckets, array_agg(number ORDER BY bucket) AS numbers
    FROM (
        SELECT e.tenant_id, e.workflow_id, e.version_number, e.node_id, e.hour, b.bucket, sum(b.number)::bigint AS number
        FROM entries e CROSS JOIN LATERAL unnest(e.buckets, e.numbers) AS b(bucket, number)
        GROUP BY e.tenant_id, e.workflow_id, e.version_number, e.node_id, e.hour, b.bucket
    ) AS counted
    GROUP BY tenant_id, workflow_id, version_number, node_id, hour
), summed AS (
    INSERT INTO statistics AS s (tenant_id, workflow_id, version_number, node_id, hour, started, completed, failed,
                                 timed_out, cancelled, skipped, rolled_back, retried, duration_sum, duration_min,
                                 duration_max, buckets, numbers)
    SELECT e.tenant_id, e.workflow_id, e.version_number, e.node_id, e.hour,
           coalesce(sum(e.started), 0), coalesce(sum(e.completed), 0), coalesce(sum(e.failed), 0),
           coalesce(sum(e.timed_out), 0), coalesce(sum(e.cancelled), 0), coalesce(sum(e.skipped), 0),
           coalesce(sum(e.rolled_back), 0), coalesce(sum(e.retried), 0), coalesce(sum(e.duration_sum), 0),
           min(e.duration_min), max(e.duration_max),
           coalesce(min(d.buckets), '{}'), coalesce(min(d.numbers), '{}')
    FROM entries e
    LEFT JOIN durations d
      ON d.tenant_id = e.tenant_id AND d.workflow_id = e.workflow_id AND d.version_number = e.version_number
     AND d.node_id = e.node_id AND d.hour = e.hour
    GROUP BY e.tenant_id, e.workflow_id, e.version_number, e.node_id, e.hour
    ON CONFLICT (tenant_id, workflow_id, version_number, node_id, hour) DO UPDATE
    SET started = s.started + excluded.started,
        completed = s.completed + excluded.completed,
        failed = s.failed + excluded.failed,
        timed_out = s.timed_out + excluded.timed_out,
        cancelled = s.cancelled + excluded.cancelled,
        skipped = s.skipped + excluded.skipped,
        rolled_back = s.rolled_back + excluded.rolled_back,
        retried = s.retried + excluded.retried,
        duration_sum = s.duration_sum + excluded.duration_sum,
        duration_min = least(s.duration_min, excluded.duration_min),
        duration_max = greatest(s.duration_max, excluded.duration_max),
        (buckets, numbers) = (
            SELECT coalesce(array_agg(merged.bucket ORDER BY merged.bucket), '{}'),
                   coalesce(array_agg(merged.number ORDER BY merged.bucket), '{}')
            FROM (
                SELECT both_sides.bucket, sum(both_sides.number)::bigint AS number
                FROM (
                    SELECT * FROM unnest(s.buckets, s.numbers) AS ours(bucket, number)
                    UNION ALL
                    SELECT * FROM unnest(excluded.buckets, excluded.numbers) AS theirs(bucket, number)
                ) AS both_sides
                GROUP BY both_sides.bucket
            ) AS merged
        )
)
SELECT count(*) FROM taken;

-- name: forget
-- Remove up to $2 rows of hours before $1, Unix seconds; an index finds them, tenant by tenant.
DELETE FROM statistics
WHERE ctid = ANY (ARRAY(
    SELECT old.row_id
    FROM tenants t
    CROSS JOIN LATERAL (
        SELECT s.ctid AS row_id
        FROM statistics s
        WHERE s.tenant_id = t.id AND s.hour < to_timestamp($1::float8)
        LIMIT $2
    ) AS old
    LIMIT $2
));
