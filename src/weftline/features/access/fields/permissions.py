"""Permissions about field rules."""

from __future__ import annotations

from weftline.features.access.permissions import permission

MANAGE = permission("field-rule:manage", "See, add and remove the rules about who may see which fields.")
