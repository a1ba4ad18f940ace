"""What one may be allowed to do with plugins."""

from __future__ import annotations

from weftline.authoring.plugin import MANAGE_PLUGINS, USE_PLUGINS
from weftline.features.access.permissions import permission, platform_permission

READ = permission("plugin:read", "See which plugins there are, and how they stand.", "author", "operator")
USE = permission(
    USE_PLUGINS, "Use what plugins add to the web app and the API.", "viewer", "author", "operator", "approver"
)
MANAGE = permission(MANAGE_PLUGINS, "Enable, disable and configure plugins for the tenant.")
RUN = platform_permission("platform:plugins", "Start and stop plugins for everybody.")
