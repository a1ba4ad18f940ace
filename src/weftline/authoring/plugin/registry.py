"""The checks and node types that plugins have added in this process."""

from __future__ import annotations

from weftline.authoring.ownership import Owned
from weftline.authoring.plugin.parts import NodeType, StepValidator

step_validators: Owned[StepValidator] = Owned()
"""By name."""

plugin_node_types: Owned[NodeType] = Owned()
"""By name."""


def plugin_of(name: str) -> str:
    """The id of the plugin whose part bears this name: ``<plugin id>.<name>``."""
    return name.partition(".")[0]
