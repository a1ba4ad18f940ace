"""What can be wrong with a request about tenants.

::

    NotFound └── TenantNotFound
"""

from __future__ import annotations

from weftline.features.errors import NotFound


class TenantNotFound(NotFound):
    """There is no such tenant, or the caller may not see it."""

    code = "tenant_not_found"
    title = "Tenant not found"

    def __init__(self, name: object = None) -> None:
        super().__init__("There is no such tenant." if name is None else f"There is no tenant '{name}'.")
