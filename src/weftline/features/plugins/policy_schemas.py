"""Policies of plugins on the wire."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from weftline.authoring.plugin import Policy
from weftline.authoring.plugin.registry import plugin_of
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Wire
from weftline.features.plugins.policies import ORDER


class PluginPolicyQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER


class PluginPolicyOut(Wire):
    """Something that a plugin forbids."""

    name: Annotated[str, Field(description="Its name, after its plugin's id and a dot.")]
    plugin: Annotated[str, Field(description="The plugin's id.")]
    title: Annotated[dict[str, str], Field(description="What people call it, by language.")]
    description: Annotated[dict[str, str], Field(description="What it is for, by language.")]
    source: Annotated[str, Field(description="Its text in Cedar's notation; a `forbid`.")]

    @classmethod
    def of(cls, policy: Policy) -> PluginPolicyOut:
        """As it is shown."""
        return cls(
            name=policy.name,
            plugin=plugin_of(policy.name),
            title=dict(policy.title),
            description=dict(policy.description or {}),
            source=policy.source,
        )
