"""Plugins: what adds to the platform."""

from __future__ import annotations

from datetime import datetime
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


class PluginFault(Model):
    """What went wrong with one part of a plugin.

    Attributes:
        part: which part.
        message: how it failed last.
        times: how often it was noted, since ``first_at``.
    """

    part: str
    message: str
    times: int
    first_at: datetime
    last_at: datetime


class PluginDetail(Plugin, PluginConfiguration):
    """A plugin with what the tenant has set for it.

    Attributes:
        faults: what went wrong for the tenant lately, the latest first.
    """

    faults: list[PluginFault] = Field(default_factory=list[PluginFault])


class PluginPolicy(Model):
    """What a plugin forbids in the tenant.

    Attributes:
        name: after the plugin's id and a dot.
        plugin: the plugin's id.
        title, description: by language.
        source: Cedar's text.
    """

    name: str
    plugin: str
    title: dict[str, str]
    description: dict[str, str] = Field(default_factory=dict[str, str])
    source: str
