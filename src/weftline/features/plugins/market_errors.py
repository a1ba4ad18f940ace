"""What can be wrong with a request about the index of plugins.

::

    Conflict
    ├── NoPluginIndex
    ├── PluginIndexUnusable
    └── PluginNotInstallable
"""

from __future__ import annotations

from weftline.features.errors import Conflict


class NoPluginIndex(Conflict):
    """Whoever runs the platform has named no index."""

    code = "no_plugin_index"
    title = "No index of plugins"

    def __init__(self) -> None:
        super().__init__("No index of plugins is set here: WEFT_PLUGIN_INDEX names one.")


class PluginIndexUnusable(Conflict):
    """The index cannot be read, or is not signed by a trusted key."""

    code = "plugin_index_unusable"
    title = "Index of plugins cannot be used"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The index of plugins cannot be used: {reason}.")


class PluginNotInstallable(Conflict):
    """The plugin cannot be installed."""

    code = "plugin_not_installable"
    title = "Plugin cannot be installed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The plugin cannot be installed, and nothing was changed: {reason}.")
