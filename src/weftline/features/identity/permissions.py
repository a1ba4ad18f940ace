"""What only the platform's operators may do with accounts."""

from __future__ import annotations

from weftline.features.access.permissions import platform_permission

SIGNING_KEYS = platform_permission("platform:signing-keys", "See and replace the keys that sign access tokens.")
RESET_FACTOR = platform_permission("platform:reset-second-factor", "Remove second factors that were lost.")
