"""The plugins of this environment, without a platform around them: for definitions that lie in files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Any
from uuid import UUID

from weftline.authoring import ActionRegistry
from weftline.authoring.integrations import integrations
from weftline.authoring.plugin import Plugin, RecordStore
from weftline.authoring.plugin.registry import plugin_node_types, step_validators
from weftline.language.errors import DefinitionError, Problem
from weftline.language.integration_triggers import Offers
from weftline.language.plugin_nodes import expand, parts_here
from weftline.language.validate import Validation, validate, with_more
from weftline.plugins import FoundPlugin, PluginHost, PluginState
from weftline.plugins.app import HostedApp
from weftline.testing.plugins import RecordsInMemory


class InstalledPlugins:
    """Plugins that run while the context is open; nothing that they keep outlives it. One that fails harms no other.

    Args:
        found: what was discovered.
        platform: version of Weftline.
        actions: what plugins registered theirs in.
    """

    def __init__(self, found: Iterable[FoundPlugin], platform: str, actions: ActionRegistry) -> None:
        self._found = list(found)
        self._platform = platform
        self._actions = actions
        self._runner = asyncio.Runner()
        self._host: PluginHost[HostedApp] | None = None
        self._kept: dict[tuple[str, str], RecordStore] = {}

    def __enter__(self) -> InstalledPlugins:
        """Start them."""
        if self._found:
            owned = (self._actions, integrations, step_validators, plugin_node_types)
            self._host = PluginHost(self._found, self._platform, self._make_app, owned, HostedApp.complete)
            self._runner.run(self._host.follow(lambda _: True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop them."""
        if self._host is not None:
            self._runner.run(self._host.close())
        self._runner.close()

    def complete(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A definition with what the plugins make of its nodes.

        Raises:
            DefinitionError: it uses something of plugins that is not there, or uses it wrongly.
        """
        made, problems = self.expand(document)
        if problems:
            raise DefinitionError(problems)
        return made

    def validate(
        self, document: Mapping[str, Any], actions: Collection[str] | None, offers: Offers | None = None
    ) -> Validation:
        """Checks a definition as a platform with these plugins does; see :func:`weftline.language.validate`."""
        made, problems = self.expand(document)
        return with_more(made, problems, validate(made, actions, offers))

    def expand(self, document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Like :meth:`complete`, with what is wrong instead of an error."""
        return expand(document, parts_here(self._absent))

    def _absent(self, plugin_id: str) -> str:
        for status in () if self._host is None else self._host.statuses():
            if status.found.id == plugin_id and status.state is not PluginState.STARTED:
                return f"the plugin '{plugin_id}' does not run here: {status.reason}"
        return f"install the plugin '{plugin_id}' here, or correct the name"

    def _make_app(self, plugin: Plugin) -> HostedApp:
        return HostedApp(plugin, "console", _unset, self._records)

    def _records(self, plugin_id: str, collection: str) -> RecordStore:
        return self._kept.setdefault((plugin_id, collection), RecordsInMemory())


async def _unset(tenant_id: UUID, plugin_id: str) -> dict[str, Any]:
    """No tenant has set anything."""
    return {}
