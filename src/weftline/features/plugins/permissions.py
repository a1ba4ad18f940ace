"""What one may be allowed to do with plugins."""

from __future__ import annotations

from weftline.features.access.permissions import permission, platform_permission

READ = permission("plugin:read", "See which plugins there are, and how they stand.", "author", "operator")
MANAGE = permission("plugin:manage", "Enable, disable and configure plugins for the tenant.")
RUN = platform_permission("platform:plugins", "Start and stop plugins for everybody.")
