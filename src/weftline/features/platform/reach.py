"""Which tenants an operator of the platform may see, and the record of what they do there."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.platform.errors import EveryTenantNeeded


class Reach(NamedTuple):
    """The tenants that somebody may see as an operator.

    Attributes:
        tenants: which; None for all, empty for somebody who is no operator.
    """

    tenants: frozenset[UUID] | None

    def __contains__(self, tenant_id: object) -> bool:
        return self.tenants is None or tenant_id in self.tenants

    @property
    def is_empty(self) -> bool:
        """Whether it is nobody's."""
        return self.tenants is not None and not self.tenants

    def require_all(self) -> None:
        """Insist on an operator who may see every tenant.

        Raises:
            EveryTenantNeeded: they may not.
        """
        if self.tenants is not None:
            raise EveryTenantNeeded


async def reach_of(cache: AccessCache, caller: Caller) -> Reach:
    """The tenants that a caller may see as an operator."""
    if caller.kind == "console":
        return Reach(None)
    # an API key acts for a person within one tenant, whatever else the person may do
    person = None if caller.id is None or not caller.is_platform_operator else await cache.person(caller.id)
    return Reach(frozenset() if person is None or not person.is_operator else person.tenants)


async def record_everywhere(
    session: AsyncSession,
    action: str,
    resource_type: str,
    resource_id: object,
    *,
    tenant_id: UUID,
    before: Any = None,
    after: Any = None,
    reason: str | None,
) -> None:
    """Record what an operator does to a tenant, in that tenant's log and in the platform's.

    Every transaction takes the two chains in this order, so that none waits for another in a circle.
    """
    for log in (tenant_id, PLATFORM):
        await record(
            session, action, resource_type, resource_id, before=before, after=after, reason=reason, tenant_id=log
        )
