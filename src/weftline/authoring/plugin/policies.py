"""Attribute policies that a plugin adds: what must not be, whoever may otherwise do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_PLUGIN_POLICIES = 20
"""That one plugin may add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One ``forbid`` in Cedar's notation; ``docs/guides/policies.md`` says what it may ask.

    It counts for every tenant in which the plugin is enabled, while the plugin runs. It has no say about who reads and
    manages policies and plugins, so that a tenant can always mend its policies and disable the plugin.

    Attributes:
        name: ``<plugin id>.<name>``; what explanations of decisions call it.
        title: what people call it, by language; English has to be there.
        source: Cedar's text.
        description: what it is for, by language.
    """

    name: str
    title: Mapping[str, str]
    source: str
    description: Mapping[str, str] | None = None
