"""What one operation has at hand: who asks, the services, and what loads for many fields at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import strawberry
from graphql import OperationType

from weftline.api.graphql.documents import Documents
from weftline.api.routes import executions_of
from weftline.features.access.caller import Caller
from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.permissions import READ
from weftline.features.live.hub import Renew
from weftline.features.services import Services

if TYPE_CHECKING:
    from weftline.api.graphql.loaders import Loaders


class Operation:
    """One operation of one caller.

    Args:
        caller: who asks.
        services: what the features offer.
        documents: reads the operation.
        only: what kind of operation it must be; None: a query or a mutation.
        renew: says who the caller is by now, where an operation lasts.

    Attributes:
        executions: what the routes of executions have.
        load: what loads for many fields at once.
    """

    def __init__(
        self,
        caller: Caller,
        services: Services,
        documents: Documents,
        *,
        only: OperationType | None = None,
        renew: Renew | None = None,
    ) -> None:
        from weftline.api.graphql.loaders import Loaders

        self.caller = caller
        self.services = services
        self.documents = documents
        self.only = only
        self.renew = renew
        self.executions = executions_of(services)
        self.load: Loaders = Loaders(self)
        self._seen: set[UUID] = set()

    async def allow(self, permission: str, *, listing: bool = False, **params: str) -> None:
        """Check that the caller has a permission, as the route would that does the same.

        Args:
            permission: what is needed.
            listing: only what the caller may see is shown, so a permission on a part lets in.
            params: what names the resource: ``workflow_id``, ``execution_id``, ``task_id``, ``trigger_id``.

        Raises:
            PermissionDenied: they may not.
            NotFound: there is no such resource.
        """
        await self.services.gate.allow(self.caller, permission, params, listing=listing)

    def sees(self, execution_ids: Iterable[UUID]) -> None:
        """Note that the caller may see these executions, so that their parts need not be asked for."""
        self._seen.update(execution_ids)

    async def may_see(self, execution_id: UUID) -> None:
        """Check that the caller may see an execution that they came to by some other permission.

        Raises:
            PermissionDenied: they may not.
        """
        if execution_id not in self._seen:
            await self.allow(READ, execution_id=str(execution_id))
            self.sees([execution_id])

    async def mask(self, workflow_id: str) -> FieldMask | None:
        """What the caller must not see of a workflow's data."""
        return await self.services.gate.mask(self.caller, workflow_id)


Info: TypeAlias = strawberry.Info[Operation, None]
