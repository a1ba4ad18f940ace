"""What one may be allowed to do with triggers."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("trigger:read", "See what starts executions.", "viewer", "author", "operator")
MANAGE = permission(
    "trigger:manage", "Pause, resume and fire triggers, and see the addresses of webhooks.", "author", "operator"
)
