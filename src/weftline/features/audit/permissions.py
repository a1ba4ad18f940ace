"""What one may be allowed to do with the audit log. Of the built-in roles, only ``admin`` may."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("audit:read", "Search the audit log and read its entries.")
EXPORT = permission("audit:export", "Export the audit log; the export is itself recorded.")
VERIFY = permission("audit:verify", "Verify that nobody has tampered with the audit log.")
