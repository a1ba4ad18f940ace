"""What one may be allowed to do with message templates."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("message-template:read", "See the tenant's message templates.", "author", "operator")
MANAGE = permission("message-template:manage", "Create, change and remove the tenant's message templates.", "author")
