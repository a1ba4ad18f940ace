"""What one may be allowed to do with the template library."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("library:read", "Browse the template library.", "viewer", "author", "operator")
