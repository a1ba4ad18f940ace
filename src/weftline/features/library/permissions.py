"""What one may be allowed to do with the template library."""

from __future__ import annotations

from weftline.features.access.permissions import permission, platform_permission

READ = permission("library:read", "Browse the template library.", "viewer", "author", "operator")
PUBLISH = permission("library:publish", "Publish workflows as templates, and take them back.", "author")
MODERATE = platform_permission(
    "platform:library", "Decide on templates that are to be public, and say which are featured and premium."
)
