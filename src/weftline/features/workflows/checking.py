"""Whether documents are workflows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from weftline.features.database import Database
from weftline.features.triggers.sources import offers
from weftline.features.workflows.errors import InvalidDefinition
from weftline.language import Problem, Validation, validate
from weftline.language import Workflow as Definition
from weftline.language.dialects import explained
from weftline.language.integration_actions import integration_actions
from weftline.language.plugin_nodes import PluginParts, expand, uses_plugins
from weftline.language.validate import with_more
from weftline.plugins.running import no_action, no_parts
from weftline.store.integrations import imported_names


class CheckedDefinition(NamedTuple):
    """A document in which nothing is wrong.

    Attributes:
        definition: the workflow that it is.
        document: as it is stored: what plugins make of its nodes stands in it.
    """

    definition: Definition
    document: dict[str, Any]


class DefinitionChecker:
    """Checks documents.

    Args:
        database: where the integrations are that tenants have imported, whose actions their definitions may call, too.
        actions: names of the actions that definitions may call; None accepts any name.
        hidden: those of them that are not there for a tenant.
        parts: what of plugins a tenant's definitions may use.
    """

    def __init__(
        self,
        database: Database,
        actions: Collection[str] | None,
        hidden: Callable[[UUID], Collection[str]] = no_action,
        parts: Callable[[UUID], Awaitable[PluginParts]] = no_parts,
    ) -> None:
        self._database = database
        self._actions = actions
        self._hidden = hidden
        self._parts = parts

    async def problems(self, tenant_id: UUID, document: dict[str, Any]) -> Sequence[Problem]:
        """Everything that is wrong with a document of a tenant's."""
        return explained(document, (await self._validate(tenant_id, document))[0].problems)

    async def check(self, tenant_id: UUID, document: dict[str, Any]) -> CheckedDefinition:
        """The workflow that a document of a tenant's is.

        Raises:
            InvalidDefinition: it is none.
        """
        validation, complete = await self._validate(tenant_id, document)
        if validation.workflow is None or validation.problems:
            raise InvalidDefinition(explained(document, validation.problems))
        return CheckedDefinition(validation.workflow, complete)

    async def _validate(self, tenant_id: UUID, document: dict[str, Any]) -> tuple[Validation, dict[str, Any]]:
        """What became of a document, and the document as it is stored."""
        more: list[Problem] = []
        if uses_plugins(document):
            parts = await self._parts(tenant_id)
            # in a thread, for it is the plugins' code, and a large graph takes its time
            document, more = await asyncio.to_thread(expand, document, parts)
        actions = await self._known_to(tenant_id, document)
        known = None if self._actions is None else offers()
        validation = await asyncio.to_thread(validate, document, actions, known)
        return with_more(document, more, validation), document

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
