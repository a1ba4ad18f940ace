"""What one may be allowed to do with outgoing webhooks."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("webhook:read", "See webhooks and what they were told; nobody sees their secrets.", "operator")
MANAGE = permission("webhook:manage", "Set up webhooks, which send events to other systems, and deliver again.")
