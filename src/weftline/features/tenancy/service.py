"""What can be done with tenants."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from weftline.features.database import Database
from weftline.features.tenancy.errors import TenantNotFound

_FIND = text("SELECT id FROM tenants WHERE slug = :name OR domain = :name OR id::text = :name")


class TenantService:
    """Finds, makes and changes tenants.

    Args:
        operators: under the role of the platform's operators.
    """

    def __init__(self, operators: Database) -> None:
        self._operators = operators

    async def find(self, name: str) -> UUID:
        """The tenant of an id, a slug or a domain.

        Raises:
            TenantNotFound: there is none such.
        """
        async with self._operators.unbound() as session:
            tenant_id = (await session.scalars(_FIND, {"name": name.strip().lower()})).one_or_none()
        if tenant_id is None:
            raise TenantNotFound(name)
        return tenant_id
