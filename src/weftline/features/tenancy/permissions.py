"""What one may be allowed to do with tenants."""

from __future__ import annotations

from weftline.features.access.permissions import permission, platform_permission

MANAGE = permission("tenant:manage", "Rename and configure the tenant.")
OPERATE = platform_permission("platform:tenants", "Make, rename, suspend and archive tenants.")
