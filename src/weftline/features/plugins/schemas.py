"""Plugins on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from weftline.authoring.plugin import Capability, PluginType
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.plugins.configuration import schema_of
from weftline.features.plugins.service import ORDER, ShownPlugin
from weftline.plugins import PluginState


class PluginOut(Wire):
    """A plugin."""

    id: str
    name: str
    description: str
    version: str
    distribution: Annotated[str, Field(description="The Python distribution that brings it.")]
    types: Annotated[list[PluginType], Field(description="What it adds.")]
    capabilities: Annotated[list[Capability], Field(description="What it says that it needs.")]
    dependencies: Annotated[dict[str, str], Field(description="Ranges of versions of other plugins, by id.")]
    is_wanted: Annotated[bool, Field(description="Whether it is to run at all; operators of the platform say.")]
    state: Annotated[PluginState, Field(description="What has become of it in the server that answers.")]
    reason: Annotated[str | None, Field(description="Why it cannot be used, where it failed.")]
    is_enabled: Annotated[bool, Field(description="Whether it is there for this tenant.")]

    @classmethod
    def of(cls, shown: ShownPlugin) -> PluginOut:
        """A plugin as it is listed."""
        return cls(**_facts(shown))


class ConfigurationOut(Wire):
    """What a tenant has set for a plugin."""

    configuration_schema: Annotated[
        dict[str, Any] | None,
        Field(description="JSON Schema of what a tenant can set. Fields with `writeOnly` are secret. Null: nothing."),
    ]
    configuration: Annotated[dict[str, Any], Field(description="What is set, without secrets.")]
    secrets: Annotated[list[str], Field(description="Names of the secrets that are set; nobody is shown their value.")]

    @classmethod
    def of(cls, shown: ShownPlugin) -> ConfigurationOut:
        """What is set, as it is shown."""
        return cls(**_set(shown))


class PluginFaultOut(Wire):
    """What went wrong with one part of a plugin."""

    part: Annotated[str, Field(description="Which: `policy`, `auth provider` or `hook`, and its name.")]
    message: Annotated[str, Field(description="How it failed last.")]
    times: Annotated[int, Field(description="How often it was noted.")]
    first_at: datetime
    last_at: datetime


class PluginDetail(PluginOut, ConfigurationOut):
    """A plugin with what the tenant has set for it."""

    faults: Annotated[
        list[PluginFaultOut],
        Field(description="What went wrong for this tenant in the last 30 days, the latest first."),
    ]

    @classmethod
    def of(cls, shown: ShownPlugin) -> PluginDetail:
        """A plugin with everything."""
        faults = [PluginFaultOut.model_validate(each) for each in shown.faults]
        return cls(**_facts(shown), **_set(shown), faults=faults)


class PluginQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER


class ConfigurationBody(Demand):
    """What to set."""

    configuration: Annotated[
        dict[str, Any],
        Field(description="Everything that is set. A secret that is left out stays as it is; null takes it away."),
    ]


def _set(shown: ShownPlugin) -> dict[str, Any]:
    model = None if shown.plugin is None else shown.plugin.Configuration
    return {
        "configuration_schema": schema_of(model),
        "configuration": dict(shown.configuration or {}),
        "secrets": list(shown.secrets),
    }


def _facts(shown: ShownPlugin) -> dict[str, Any]:
    plugin = shown.plugin
    return {
        "id": shown.id,
        "name": shown.name,
        "description": "" if plugin is None else plugin.description,
        "version": shown.found.version,
        "distribution": shown.found.distribution,
        "types": [] if plugin is None else sorted(plugin.types),
        "capabilities": [] if plugin is None else sorted(plugin.capabilities),
        "dependencies": {} if plugin is None else dict(plugin.dependencies),
        "is_wanted": shown.is_wanted,
        "state": shown.state,
        "reason": shown.reason,
        "is_enabled": shown.is_enabled,
    }
