"""Plugins: what adds to the platform."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class Plugin(Model):
    """A plugin.

    Attributes:
        types: what it adds.
        capabilities: what it says that it needs.
        dependencies: ranges of versions of other plugins, by id.
        is_wanted: whether it is to run at all.
        state: ``STARTED``, ``STOPPED`` or ``FAILED``.
        reason: why it cannot be used, where it failed.
        is_enabled: whether it is there for the tenant.
    """

    id: str
    name: str
    description: str
    version: str
    distribution: str
    types: list[str] = Field(default_factory=list[str])
    capabilities: list[str] = Field(default_factory=list[str])
    dependencies: dict[str, str] = Field(default_factory=dict[str, str])
    is_wanted: bool
    state: str
    reason: str | None = None
    is_enabled: bool


class PluginConfiguration(Model):
    """What the tenant has set for a plugin.

    Attributes:
        configuration_schema: JSON Schema of what can be set; None: nothing.
        configuration: what is set, without secrets.
        secrets: names of the secrets that are set.
    """

    configuration_schema: dict[str, Any] | None = None
    configuration: dict[str, Any] = Field(default_factory=dict[str, Any])
    secrets: list[str] = Field(default_factory=list[str])


class PluginDetail(Plugin, PluginConfiguration):
    """A plugin with what the tenant has set for it."""
