"""Who may install which premium template: answered by whatever keeps licences."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Entitlements(Protocol):
    """Knows what tenants have licences for."""

    async def may_install(self, tenant_id: UUID, template_id: str) -> str | None:
        """Why a tenant may not install a premium template, a sentence for people; None: it may.

        Asked whenever a premium template is shown or installed; of others nobody asks.

        Args:
            tenant_id: who wants to.
            template_id: which.
        """
        ...


class Everything:
    """Every tenant may install every template."""

    async def may_install(self, tenant_id: UUID, template_id: str) -> str | None:
        """Nothing speaks against it."""
        return None
