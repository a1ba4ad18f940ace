"""What one may be allowed to do with variables."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("variable:read", "See variables; nobody sees the value of a secret.", "author", "operator")
WRITE = permission("variable:write", "Set and remove variables, secrets among them.", "author")
