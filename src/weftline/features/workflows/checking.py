"""Whether documents are workflows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from weftline.features.database import Database
from weftline.features.triggers.sources import offers
from weftline.features.workflows.errors import InvalidDefinition
from weftline.language import Problem, Validation, validate
from weftline.language import Workflow as Definition
from weftline.language.dialects import explained
from weftline.language.integration_actions import integration_actions
from weftline.plugins.running import no_action
from weftline.store.integrations import imported_names


class DefinitionChecker:
    """Checks documents.

    Args:
        database: where the integrations are that tenants have imported, whose actions their definitions may call, too.
        actions: names of the actions that definitions may call; None accepts any name.
        hidden: those of them that are not there for a tenant.
    """

    def __init__(
        self,
        database: Database,
        actions: Collection[str] | None,
        hidden: Callable[[UUID], Collection[str]] = no_action,
    ) -> None:
        self._database = database
        self._actions = actions
        self._hidden = hidden

    async def problems(self, tenant_id: UUID, document: dict[str, Any]) -> Sequence[Problem]:
        """Everything that is wrong with a document of a tenant's."""
        return explained(document, (await self._validate(tenant_id, document)).problems)

    async def check(self, tenant_id: UUID, document: dict[str, Any]) -> Definition:
        """The workflow that a document of a tenant's is.

        Raises:
            InvalidDefinition: it is none.
        """
        validation = await self._validate(tenant_id, document)
        if validation.workflow is None or validation.problems:
            raise InvalidDefinition(explained(document, validation.problems))
        return validation.workflow

    async def _validate(self, tenant_id: UUID, document: dict[str, Any]) -> Validation:
        actions = await self._known_to(tenant_id, document)
        # in a thread, for a large graph takes its time
        return await asyncio.to_thread(validate, document, actions, None if self._actions is None else offers())

    async def _known_to(self, tenant_id: UUID, document: dict[str, Any]) -> Collection[str] | None:
        """Names that the document may call. The database is asked only where one may be an imported action's."""
        known = self._actions
        if known is None:
            return None
        if hidden := self._hidden(tenant_id):
            known = {name for name in known if name not in hidden}
        integrations = {name.partition(".")[0] for name in integration_actions(document, known)}
        if not integrations:
            return known
        async with self._database.reading(tenant_id) as connection:
            imported = await imported_names(connection, tenant_id, integrations)
        return {*known, *imported} if imported else known
