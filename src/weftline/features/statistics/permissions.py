"""What one may be allowed to do with statistics."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission(
    "statistics:read", "See how much runs, how it ends and how long it takes.", "viewer", "author", "operator"
)
