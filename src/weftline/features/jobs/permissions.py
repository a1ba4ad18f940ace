"""What one may be allowed to do with jobs."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("job:read", "See task queues and the jobs in them.", "viewer", "author", "operator")
# whoever works gets the inputs as they are, secrets included
WORK = permission("job:work", "Carry out steps as a remote worker: fetch jobs and answer them.")
