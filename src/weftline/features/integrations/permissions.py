"""What one may be allowed to do with integrations and connections."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ_INTEGRATIONS = permission(
    "integration:read", "See which systems workflows can reach, and by which actions.", "viewer", "author", "operator"
)
MANAGE_INTEGRATIONS = permission(
    "integration:manage", "Import systems from OpenAPI documents, and remove them.", "author"
)
READ = permission(
    "connection:read",
    "See the tenant's connections, and have connections of one's own; nobody sees credentials.",
    "author",
    "operator",
)
MANAGE = permission("connection:manage", "Set up, change and remove the tenant's connections.", "author")
