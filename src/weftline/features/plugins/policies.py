"""What plugins forbid in a tenant, as whoever reads its policies sees it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from weftline.authoring.plugin import Policy
from weftline.features.http.listing import Ordering, SortKey
from weftline.plugins.running import RunningPlugins

_NAME = SortKey("name", "name")
ORDER = Ordering(_NAME, tie=_NAME, default="name")


class PluginPolicies:
    """Lists the policies of plugins.

    Args:
        plugins: those of this process.
    """

    def __init__(self, plugins: RunningPlugins) -> None:
        self._plugins = plugins

    def list(self, tenant_id: UUID) -> Sequence[Policy]:
        """Those that count for a tenant."""
        return self._plugins.policies(tenant_id)
