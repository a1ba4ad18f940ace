"""Permissions about grants."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("grant:read", "See what is granted to whom.")
MANAGE = permission("grant:manage", "Grant permissions and withdraw them, as far as one's own go.")
