"""Putting the catalogue together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any
from uuid import UUID

from weftline.authoring import ActionRegistry, registry
from weftline.authoring.action import ActionDefinition
from weftline.authoring.plugin.registry import plugin_of
from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.catalogue.remote_actions import RemoteAction, RemoteActions
from weftline.features.catalogue.schemas import ActionOut, DialectOut, NodeTypeOut, TriggerTypeOut
from weftline.features.database import Database
from weftline.features.integrations.importing import ImportedIntegrations
from weftline.features.workflows.permissions import READ
from weftline.language.catalogue import node_types, trigger_types
from weftline.language.dialects import dialects
from weftline.language.plugin_nodes import PluginParts
from weftline.plugins import FoundPlugin
from weftline.plugins.running import no_action, no_parts

DEFINITION_SCHEMA = "/api/v1/catalogue/definition-schema"

MAX_IMPORTED_ACTIONS = 2_000
"""Imported actions that the catalogue lists; ``GET /integrations/actions`` finds the others."""


class CatalogueService:
    """Tells what a definition can be made of.

    Args:
        database: where the tenants' definitions are.
        actions: names of the actions that definitions may call; None accepts any name.
        gate: knows which workflows somebody may see.
        known: what there is to say of actions.
        hidden: names of those that are not there for a tenant.
        parts: what of plugins a tenant's definitions may use.
        find: finds a plugin by its id.
    """

    def __init__(
        self,
        database: Database,
        actions: Collection[str] | None,
        gate: Gate,
        known: ActionRegistry = registry,
        *,
        hidden: Callable[[UUID], Collection[str]] = no_action,
        parts: Callable[[UUID], Awaitable[PluginParts]] = no_parts,
        find: Callable[[str], FoundPlugin | None] = lambda _: None,
    ) -> None:
        self._parts = parts
        self._find = find
        self._database = database
        self._remote = RemoteActions(database)
        self._imported = ImportedIntegrations()
        self._gate = gate
        self._actions = actions
        self._hidden = hidden
        self._known = known
        self._plain: dict[str, Any] | None = None

    async def catalogue(self, caller: Caller) -> dict[str, Any]:
        """Everything, as it goes over the wire."""
        remote = await self._gate.visible(caller, READ, await self._remote.of(caller.tenant_id), _resource)
        imported = await self._imported_actions(caller.tenant_id)
        actions = [*self._local_actions(caller.tenant_id), *imported, *_remote_actions(remote)]
        plain = self._unchanging()
        return {
            **plain,
            "nodeTypes": [*plain["nodeTypes"], *await self._plugins_node_types(caller.tenant_id)],
            "actions": [action.model_dump(by_alias=True) for action in actions],
        }

    async def _plugins_node_types(self, tenant_id: UUID) -> list[dict[str, Any]]:
        parts = await self._parts(tenant_id)
        return [
            NodeTypeOut.of_plugin(each, self._name_of(plugin_of(name))).model_dump(by_alias=True)
            for name, each in sorted(parts.node_types.items())
        ]

    def _name_of(self, plugin_id: str) -> str:
        found = self._find(plugin_id)
        return plugin_id if found is None or found.plugin is None else found.plugin.name

    def _unchanging(self) -> dict[str, Any]:
        """What is the same for everybody as long as the process runs."""
        if self._plain is None:
            self._plain = {
                "nodeTypes": [NodeTypeOut.model_validate(each).model_dump(by_alias=True) for each in node_types()],
                "triggerTypes": [
                    TriggerTypeOut.model_validate(each).model_dump(by_alias=True) for each in trigger_types()
                ],
                "dialects": [DialectOut.model_validate(each).model_dump(by_alias=True) for each in dialects().values()],
                "definitionSchema": DEFINITION_SCHEMA,
            }
        return self._plain

    async def _imported_actions(self, tenant_id: UUID) -> list[ActionOut]:
        """Those of the integrations that the tenant has imported, without their schemas: they may be very large."""
        async with self._database.reading(tenant_id) as connection:
            found = await self._imported.actions(
                connection, tenant_id, integration=None, words=(), limit=MAX_IMPORTED_ACTIONS
            )
        return [
            ActionOut(name=each.id, title=each.title, description=each.description)
            for each in found
            if each.id not in self._known_names()
        ]

    def _known_names(self) -> Collection[str]:
        return self._known.names() if self._actions is None else self._actions

    def _local_actions(self, tenant_id: UUID) -> Iterator[ActionOut]:
        hidden = self._hidden(tenant_id)
        described = {action.name: action for action in self._known}
        for name in sorted(described if self._actions is None else self._actions):
            if name in hidden:
                continue
            action = described.get(name)
            yield ActionOut.of_name(name) if action is None else _described(action)


def _described(action: ActionDefinition) -> ActionOut:
    facts = action.facts
    return ActionOut(
        name=action.name,
        title=action.title,
        description=action.description,
        input_schema=facts.input,
        output_schema=facts.output,
        compensate=facts.compensate,
        is_built_in=action.function.__module__.startswith("weftline."),
    )


def _remote_actions(found: Collection[RemoteAction]) -> Iterator[ActionOut]:
    for name, queue in dict.fromkeys((each.name, each.queue) for each in found):
        yield ActionOut.of_name(name, queue)


def _resource(action: RemoteAction) -> Resource:
    return Resource(type="Workflow", id=action.workflow_id, workflow_id=action.workflow_id)
