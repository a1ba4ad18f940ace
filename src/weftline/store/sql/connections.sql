-- name: named
-- The connection of a name: a person's own before the tenant's.
SELECT c.id, c.integration, c.name, c.auth_type, c.config::text, c.sealed, c.tokens,
       extract(epoch FROM c.token_expires_at)::float8 AS token_expires_at, c.scopes, c.is_active, c.status,
       c.status_detail, c.limits::text, s.breaker, extract(epoch FROM s.retry_at)::float8 AS retry_at, s.resets,
       s.last_error
FROM connections c LEFT JOIN connection_states s ON s.tenant_id = c.tenant_id AND s.connection_id = c.id
WHERE c.tenant_id = $1 AND ($2::text IS NULL OR c.integration = $2) AND c.name = $3
  AND (c.owner_user_id IS NULL OR c.owner_user_id = $4)
ORDER BY c.owner_user_id NULLS LAST
LIMIT 1;

-- name: usual
-- The tenant's connection to an integration that is the usual one; two of them where nothing says which that is.
SELECT c.id, c.integration, c.name, c.auth_type, c.config::text, c.sealed, c.tokens,
       extract(epoch FROM c.token_expires_at)::float8 AS token_expires_at, c.scopes, c.is_active, c.status,
       c.status_detail, c.limits::text, s.breaker, extract(epoch FROM s.retry_at)::float8 AS retry_at, s.resets,
       s.last_error
FROM connections c LEFT JOIN connection_states s ON s.tenant_id = c.tenant_id AND s.connection_id = c.id
WHERE c.tenant_id = $1 AND c.integration = $2 AND c.owner_user_id IS NULL
  AND (c.is_default OR NOT EXISTS (SELECT FROM connections d
                                   WHERE d.tenant_id = $1 AND d.integration = $2 AND d.is_default))
ORDER BY c.name
LIMIT 2;

-- name: load
-- A connection as it is now.
SELECT c.id, c.integration, c.name, c.auth_type, c.config::text, c.sealed, c.tokens,
       extract(epoch FROM c.token_expires_at)::float8 AS token_expires_at, c.scopes, c.is_active, c.status,
       c.status_detail, c.limits::text, s.breaker, extract(epoch FROM s.retry_at)::float8 AS retry_at, s.resets,
       s.last_error
FROM connections c LEFT JOIN connection_states s ON s.tenant_id = c.tenant_id AND s.connection_id = c.id
WHERE c.tenant_id = $1 AND c.id = $2;

-- name: numbers
-- How often the connections of tenants have been changed; nothing of a tenant that never had any.
SELECT tenant_id, number
FROM connection_changes
WHERE tenant_id = ANY($1::uuid[]);

-- name: breakers
-- Where circuit breakers stand.
-- scope: all tenants, because a worker holds connections of every tenant.
SELECT connection_id, breaker, extract(epoch FROM retry_at)::float8 AS retry_at, resets, last_error
FROM connection_states
WHERE connection_id = ANY($1::uuid[]);

-- name: open_breaker
-- Nobody is to try a connection for a while; nothing where it is gone.
INSERT INTO connection_states (tenant_id, connection_id, breaker, failures, opened_at, retry_at, last_error)
SELECT tenant_id, id, 'OPEN', $3, to_timestamp($4::float8), to_timestamp($5::float8), $6
FROM connections
WHERE tenant_id = $1 AND id = $2
ON CONFLICT (tenant_id, connection_id) DO UPDATE
SET breaker = 'OPEN', failures = excluded.failures, opened_at = excluded.opened_at, retry_at = excluded.retry_at,
    last_error = excluded.last_error, updated_at = now();

-- name: half_open_breaker
-- One attempt may try, where its time has come: also in the place of one that never told what came of it.
UPDATE connection_states
SET breaker = 'HALF_OPEN', retry_at = to_timestamp($4::float8), updated_at = now()
WHERE tenant_id = $1 AND connection_id = $2 AND breaker <> 'CLOSED' AND retry_at <= to_timestamp($3::float8)
RETURNING breaker, extract(epoch FROM retry_at)::float8 AS retry_at, resets, last_error;

-- name: close_breaker
-- A connection works again.
UPDATE connection_states
SET breaker = 'CLOSED', failures = 0, opened_at = NULL, retry_at = NULL, updated_at = now()
WHERE tenant_id = $1 AND connection_id = $2 AND breaker <> 'CLOSED';

-- name: take_turns
-- Turns under a rate limit: nothing comes back where there are none to be had.
INSERT INTO connection_states AS s (tenant_id, connection_id, rate_at)
SELECT tenant_id, id, to_timestamp($3::float8 + $4::float8)
FROM connections
WHERE tenant_id = $1 AND id = $2
ON CONFLICT (tenant_id, connection_id) DO UPDATE
SET rate_at = to_timestamp(greatest(coalesce(extract(epoch FROM s.rate_at)::float8, 0), $3::float8) + $4::float8)
WHERE greatest(coalesce(extract(epoch FROM s.rate_at)::float8, 0), $3::float8) + $4::float8 <= $3::float8 + $5::float8
RETURNING true;

-- name: rate_at
-- Up to when the turns under a rate limit are taken.
SELECT extract(epoch FROM rate_at)::float8
FROM connection_states
WHERE tenant_id = $1 AND connection_id = $2;

-- name: note_uses
-- Connections were used; nothing of those that are gone, or that were used later.
INSERT INTO connection_states AS s
    (tenant_id, connection_id, last_used_at, last_used_workflow_id, last_used_execution_id)
SELECT u.tenant_id, u.connection_id, to_timestamp(u.at), u.workflow_id, u.execution_id
FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::text[], $5::uuid[])
     AS u(tenant_id, connection_id, at, workflow_id, execution_id)
JOIN connections c ON c.tenant_id = u.tenant_id AND c.id = u.connection_id
ORDER BY u.tenant_id, u.connection_id
ON CONFLICT (tenant_id, connection_id) DO UPDATE
SET last_used_at = excluded.last_used_at, last_used_workflow_id = excluded.last_used_workflow_id,
    last_used_execution_id = excluded.last_used_execution_id
WHERE s.last_used_at IS NULL OR s.last_used_at < excluded.last_used_at;

-- name: note_call
-- A call of another system was verified by a connection; told once a minute at most, and nothing where that is gone.
INSERT INTO connection_states AS s
    (tenant_id, connection_id, last_used_at, last_used_workflow_id, last_used_execution_id)
SELECT tenant_id, id, now(), $3, $4
FROM connections
WHERE tenant_id = $1 AND id = $2
ON CONFLICT (tenant_id, connection_id) DO UPDATE
SET last_used_at = excluded.last_used_at, last_used_workflow_id = excluded.last_used_workflow_id,
    last_used_execution_id = excluded.last_used_execution_id
WHERE s.last_used_at IS NULL OR s.last_used_at < now() - interval '1 minute';

-- name: begin_refresh
-- Become the one who gets new tokens, where nobody else is at it and nobody has got any.
UPDATE connections
SET refreshing_until = now() + make_interval(secs => $4)
WHERE tenant_id = $1 AND id = $2 AND tokens IS NOT DISTINCT FROM $3::bytea
  AND (refreshing_until IS NULL OR refreshing_until < now())
RETURNING true;

-- name: end_refresh
-- No new tokens; somebody else may try.
UPDATE connections SET refreshing_until = NULL WHERE tenant_id = $1 AND id = $2;

-- name: store_tokens
-- New tokens, unless somebody has renewed the connection meanwhile.
UPDATE connections
SET tokens = $4, token_expires_at = now() + make_interval(secs => $5::float8), refreshing_until = NULL,
    updated_at = now()
WHERE tenant_id = $1 AND id = $2 AND tokens IS NOT DISTINCT FROM $3::bytea;

-- name: refuse
-- The credentials were refused; nothing where they are others by now.
UPDATE connections
SET status = 'UNAUTHORIZED', status_detail = $5, refreshing_until = NULL, updated_at = now()
WHERE tenant_id = $1 AND id = $2 AND status <> 'UNAUTHORIZED'
  AND sealed IS NOT DISTINCT FROM $3::bytea AND tokens IS NOT DISTINCT FROM $4::bytea;

-- name: note_wait
-- An execution waits for a connection; nothing where that is gone.
INSERT INTO connection_waits (tenant_id, connection_id, execution_id)
SELECT tenant_id, id, $3 FROM connections WHERE tenant_id = $1 AND id = $2
ON CONFLICT DO NOTHING;

-- name: take_waiting
-- Those that wait for a connection, the first ones; they wait no longer.
DELETE FROM connection_waits
WHERE tenant_id = $1 AND connection_id = $2 AND execution_id IN (
    SELECT execution_id FROM connection_waits WHERE tenant_id = $1 AND connection_id = $2 ORDER BY since LIMIT $3
)
RETURNING execution_id;

-- name: sealed_with_others
-- Connections that are sealed with other data keys than a tenant's newest, a few at a time.
SELECT id, sealed, tokens
FROM connections
WHERE tenant_id = $1 AND (substr(sealed, 1, 4) <> int4send($2::int4) OR substr(tokens, 1, 4) <> int4send($2::int4))
ORDER BY id
LIMIT $3;

-- name: reseal
-- The same credentials under another key; not where they have been changed meanwhile.
UPDATE connections SET sealed = $5, tokens = $6
WHERE tenant_id = $1 AND id = $2
  AND sealed IS NOT DISTINCT FROM $3::bytea AND tokens IS NOT DISTINCT FROM $4::bytea;
