"""Permissions about mail."""

from __future__ import annotations

from weftline.features.access.permissions import platform_permission

MAIL = platform_permission("platform:mail", "Read the messages that the platform sends.")
