"""Finds plugins, starts them in order, and keeps what fails in one of them from everything else."""

from weftline.plugins.discovery import FoundPlugin, discover
from weftline.plugins.host import PluginHost, PluginState, PluginStatus
from weftline.plugins.installed import InstalledPackage, InstalledPackages
from weftline.plugins.order import Refusal, in_order

__all__ = [
    "FoundPlugin",
    "InstalledPackage",
    "InstalledPackages",
    "PluginHost",
    "PluginState",
    "PluginStatus",
    "Refusal",
    "discover",
    "in_order",
]
