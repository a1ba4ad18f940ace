"""What only the platform's operators may do across tenants."""

from __future__ import annotations

from weftline.features.access.permissions import platform_permission

READ = platform_permission("platform:read", "See tenants, executions, tasks and figures of many tenants at once.")
ENTER = platform_permission("platform:enter", "Enter a tenant, for an hour.")
OPERATORS = platform_permission("platform:operators", "Say who operates the platform, and which tenants they see.")
SETTINGS = platform_permission("platform:settings", "See and set what tenants fall back to.")
ENCRYPTION_KEYS = platform_permission("platform:encryption-keys", "See and change the keys that seal secrets.")
PEOPLE = platform_permission("platform:people", "See everybody's accounts, disable them and end their sessions.")
