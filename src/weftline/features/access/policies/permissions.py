"""Permissions about policies."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("policy:read", "See the tenant's policies.")
MANAGE = permission("policy:manage", "Write, change and remove the tenant's policies.")
EXPLAIN = permission("access:explain", "Ask why somebody may or may not do something.")
