"""The integrations that a tenant's workflows can reach: those in code, and those that the tenant has imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from weftline.authoring.integrations import Auth, Integration, IntegrationRegistry, integrations
from weftline.authoring.integrations.integration import ConnectionTest, IntegrationTrigger
from weftline.features.integrations.errors import ActionNotFound, IntegrationNotFound
from weftline.store.keyring import Connection


@dataclass(frozen=True, slots=True)
class KnownAction:
    """An action of an integration.

    Attributes:
        integration: the integration's name.
        name: as definitions call it, behind the integration's and a dot.
        title, description: for people.
        tags: groups that it belongs to.
        input, output: JSON Schemas; None where nobody has said, or they are too large to be listed.
        compensate: the whole name of the action that undoes it.
        example: of an input.
        method, path: of the request that it sends, where it sends just one.
    """

    integration: str
    name: str
    title: str
    description: str
    tags: Sequence[str] = ()
    input: Mapping[str, Any] | None = None
    output: Mapping[str, Any] | None = None
    compensate: str | None = None
    example: Mapping[str, Any] | None = None
    method: str | None = None
    path: str | None = None

    @property
    def id(self) -> str:
        """As definitions call it."""
        return f"{self.integration}.{self.name}"


@dataclass(frozen=True, slots=True)
class KnownIntegration:
    """An integration, in code or imported.

    Attributes:
        name, title, description, category, icon, docs_url: see ``weftline.authoring.integrations.Integration``.
        auth, config, base_url, needs_connection: see there.
        is_built_in: it is in code, not imported by the tenant.
        actions: of an imported one None: there may be thousands.
        action_count: how many there are.
        triggers: what can start workflows.
        tester: tries a connection.
    """

    name: str
    title: str
    description: str
    category: str
    icon: str
    auth: Sequence[Auth]
    config: Mapping[str, Any]
    base_url: str | None = None
    docs_url: str | None = None
    needs_connection: bool = True
    is_built_in: bool = True
    actions: Sequence[KnownAction] | None = ()
    action_count: int = 0
    triggers: Sequence[IntegrationTrigger] = ()
    tester: ConnectionTest | None = field(default=None, repr=False)

    def auth_of(self, type: str) -> Auth | None:
        """The way of signing in of this type; None where there is none."""
        return next((each for each in self.auth if each.type == type), None)


class Imported(Protocol):
    """What a tenant has imported."""

    async def all(self, connection: Connection, tenant_id: UUID) -> Sequence[KnownIntegration]:
        """Every integration, without actions."""
        ...

    async def get(self, connection: Connection, tenant_id: UUID, name: str) -> KnownIntegration | None:
        """The integration of this name, without actions."""
        ...

    async def actions(
        self, connection: Connection, tenant_id: UUID, *, integration: str | None, words: Sequence[str], limit: int
    ) -> Sequence[KnownAction]:
        """Actions whose name, title, description or integration holds every word, without their schemas.

        Args:
            connection: bound to the tenant.
            tenant_id: whose.
            integration: only this one's.
            words: in small letters; none: any action.
            limit: at most so many.
        """
        ...

    async def action(self, connection: Connection, tenant_id: UUID, integration: str, name: str) -> KnownAction | None:
        """An action with its schemas."""
        ...


class Directory:
    """Finds integrations.

    Args:
        known: those in code.
        imported: those of tenants; None: there are none.
    """

    def __init__(self, imported: Imported | None = None, known: IntegrationRegistry = integrations) -> None:
        self._imported = imported
        self._known = known
        self._read: dict[str, tuple[Integration, KnownIntegration]] = {}

    async def all(self, connection: Connection, tenant_id: UUID) -> Sequence[KnownIntegration]:
        """Every integration of a tenant."""
        found = list(self.built_in())
        if self._imported is not None:
            taken = {each.name for each in found}
            found += [each for each in await self._imported.all(connection, tenant_id) if each.name not in taken]
        return found

    async def get(self, connection: Connection, tenant_id: UUID, name: str) -> KnownIntegration:
        """The integration of this name.

        Raises:
            IntegrationNotFound: there is none.
        """
        known = self._known.get(name)
        if known is not None:
            return self._described(known)
        found = None if self._imported is None else await self._imported.get(connection, tenant_id, name)
        if found is None:
            raise IntegrationNotFound(name)
        return found

    async def imported_actions(
        self, connection: Connection, tenant_id: UUID, *, integration: str | None, words: Sequence[str], limit: int
    ) -> Sequence[KnownAction]:
        """Actions that the tenant has imported; see :meth:`Imported.actions`."""
        if self._imported is None:
            return []
        return await self._imported.actions(connection, tenant_id, integration=integration, words=words, limit=limit)

    async def action(self, connection: Connection, tenant_id: UUID, integration: str, name: str) -> KnownAction:
        """An action with its schemas.

        Raises:
            IntegrationNotFound, ActionNotFound: there is no such integration, or it has no such action.
        """
        found = await self.get(connection, tenant_id, integration)
        action = next((each for each in found.actions or () if each.name == name), None)
        if action is None and not found.is_built_in and self._imported is not None:
            action = await self._imported.action(connection, tenant_id, integration, name)
        if action is None:
            raise ActionNotFound(integration, name)
        return action

    def built_in(self) -> Iterable[KnownIntegration]:
        """Those in code."""
        return [self._described(each) for each in self._known]

    def _described(self, integration: Integration) -> KnownIntegration:
        """The same as long as the integration is the same; modules that are imported late add actions."""
        kept = self._read.get(integration.name)
        if kept is not None and kept[0] is integration and len(integration.actions) == kept[1].action_count:
            return kept[1]
        known = KnownIntegration(
            name=integration.name,
            title=integration.title,
            description=integration.description,
            category=integration.category,
            icon=integration.icon,
            auth=integration.auth,
            config=integration.config,
            base_url=integration.base_url,
            docs_url=integration.docs_url,
            needs_connection=integration.needs_connection,
            actions=tuple(_actions(integration)),
            action_count=len(integration.actions),
            triggers=tuple(integration.triggers.values()),
            tester=integration.tester,
        )
        self._read[integration.name] = (integration, known)
        return known


def _actions(integration: Integration) -> Iterable[KnownAction]:
    for action in integration.actions.values():
        definition = action.definition
        facts = definition.facts
        yield KnownAction(
            integration=integration.name,
            name=action.name,
            title=definition.title,
            description=definition.description,
            input=facts.input,
            output=facts.output,
            compensate=facts.compensate,
            example=facts.example,
        )
