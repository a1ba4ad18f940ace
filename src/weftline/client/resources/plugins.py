"""Plugins: what adds to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.client.models.plugins import Plugin, PluginConfiguration, PluginDetail, PluginPolicy
from weftline.client.operations import Colour, Resource, call, iteration
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Plugins(Resource[Colour]):
    """What adds to the platform, and what the tenant has set for it."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[Plugin]:
        """Plugins by id, page by page.

        Args:
            limit: at most so many; None for all.
        """
        return self._list(Plugin, "plugins", limit=limit)

    @call
    def get(self, id: str) -> Plan[PluginDetail]:
        """A plugin with what is set for it; never secrets."""
        return self._read(PluginDetail, "GET", "plugins", id)

    @iteration
    def policies(self, *, limit: int | None = None) -> Listing[PluginPolicy]:
        """What plugins forbid in the tenant, by name.

        Args:
            limit: at most so many; None for all.
        """
        return self._list(PluginPolicy, "plugins", "policies", limit=limit)

    @call
    def configuration(self, id: str) -> Plan[PluginConfiguration]:
        """What can be set for a plugin, and what is set; never secrets."""
        return self._read(PluginConfiguration, "GET", "plugins", id, "configuration")

    @call
    def configure(self, id: str, configuration: Mapping[str, Any]) -> Plan[PluginConfiguration]:
        """Set what the tenant configures of a plugin.

        Args:
            id: the plugin's.
            configuration: everything; a secret that is left out stays as it is, and None takes it away.
        """
        body = {"configuration": dict(configuration)}
        return self._read(PluginConfiguration, "PUT", "plugins", id, "configuration", body=body)

    @call
    def enable(self, id: str) -> Plan[PluginDetail]:
        """Let a plugin be there for the tenant."""
        return self._read(PluginDetail, "POST", "plugins", id, "enable")

    @call
    def disable(self, id: str) -> Plan[PluginDetail]:
        """Take a plugin away from the tenant; steps that need it wait until it is enabled again."""
        return self._read(PluginDetail, "POST", "plugins", id, "disable")
