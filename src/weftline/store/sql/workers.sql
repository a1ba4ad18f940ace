-- name: register
-- A worker announces itself, with a lease of $5 seconds.
INSERT INTO workers (id, name, host, pid, lease_until)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5::float8));

-- name: renew
-- Renew the worker's lease, and with it that of everything it holds; nothing where it has run out already.
UPDATE workers
SET lease_until = now() + make_interval(secs => $2::float8)
WHERE id = $1 AND lease_until > now()
RETURNING id;

-- name: expire
-- End the leases of workers that are known to be gone.
UPDATE workers SET lease_until = now() WHERE id = ANY ($1::uuid[]) AND lease_until > now();

-- name: others
-- How many workers there are besides $1.
SELECT count(*) FROM workers WHERE id <> $1 AND lease_until > now();

-- name: on_host
-- The workers of one host that still have a lease.
SELECT id, pid FROM workers WHERE host = $1 AND lease_until > now();

-- name: retire
-- A worker leaves; it holds nothing any more.
DELETE FROM workers WHERE id = $1;

-- name: forget
-- Drop the records of workers that are long gone.
-- scope: all tenants, because a worker may still own an execution of any of them.
DELETE FROM workers w
WHERE w.lease_until < now() - interval '1 hour' AND NOT EXISTS (SELECT FROM executions e WHERE e.owner = w.id);
