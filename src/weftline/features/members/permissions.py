"""Permissions about members."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("user:read", "See the tenant's members and groups.", "author", "operator")
MANAGE = permission("user:manage", "Invite, change and remove members and groups, as far as one's own roles go.")
