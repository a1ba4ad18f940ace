"""What a plugin gets of the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import structlog

from weftline.authoring.plugin import Plugin, PluginApp

if TYPE_CHECKING:
    from pydantic import BaseModel
    from structlog.typing import FilteringBoundLogger

Process = Literal["server", "worker", "console"]


class HostedApp(PluginApp):
    """See :class:`~weftline.authoring.plugin.PluginApp`.

    Args:
        plugin: whose it is.
        process: in which it runs.
        stored: looks up what a tenant has set for a plugin.
    """

    def __init__(
        self, plugin: Plugin, process: Process, stored: Callable[[UUID, str], Awaitable[dict[str, Any]]]
    ) -> None:
        self._plugin = plugin
        self._stored = stored
        self.process: Process = process
        self.logger: FilteringBoundLogger = structlog.get_logger("weftline.plugin").bind(plugin=plugin.id)

    async def configuration(self, tenant_id: UUID) -> BaseModel | None:
        """What a tenant has configured; see there."""
        model = self._plugin.Configuration
        if model is None:
            return None
        from pydantic import ValidationError

        try:
            return model.model_validate(await self._stored(tenant_id, self._plugin.id))
        except ValidationError:
            return None
