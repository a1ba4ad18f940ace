"""Permissions about keys."""

from __future__ import annotations

from weftline.features.access.permissions import permission

MANAGE = permission(
    "key:manage", "Make service accounts and their API keys, as far as one's own permissions go; revoke anybody's keys."
)
