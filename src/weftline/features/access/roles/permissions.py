"""Permissions about roles."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("role:read", "See the roles and the permissions that there are.", "author", "operator")
MANAGE = permission("role:manage", "Make, change and remove roles, as far as one's own permissions go.")
