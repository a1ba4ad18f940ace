"""Plugins: packages that add to the platform without changing it.

A distribution names its plugin under the entry point group ``weftline.plugins``::

    class Seals(Plugin):
        id = "acme-seals"
        name = "Seals"
        version = "1.2.0"
        types = frozenset({PluginType.WORKFLOW_ACTION})

        async def initialize(self, app: PluginApp) -> None:
            self.app = app

What its modules register while they are imported (``@action``, ``Integration(…)``) is the plugin's, and is there while
the plugin runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import BaseModel
    from structlog.typing import FilteringBoundLogger

PLUGIN_ID = re.compile(r"[a-z][a-z0-9-]{1,62}")
ENTRY_POINT_GROUP = "weftline.plugins"


class PluginType(StrEnum):
    """What a plugin adds."""

    CORE_EXTENSION = "CORE_EXTENSION"
    CONNECTOR = "CONNECTOR"
    WORKFLOW_ACTION = "WORKFLOW_ACTION"
    SECURITY = "SECURITY"


class Capability(StrEnum):
    """What a plugin says that it needs; operators see it before they install, and grant it.

    It is a promise, not a prison: a plugin is Python in the platform's own processes.
    """

    NETWORK = "network"
    DATABASE = "database"
    FILES = "files"
    SECRETS = "secrets"
    PROCESSES = "processes"


class PluginApp(Protocol):
    """What a plugin gets of the platform; the same in every process, though not every process uses all of it.

    Attributes:
        process: ``server`` (answers requests), ``worker`` (runs executions) or ``console`` (a command).
        logger: a structlog logger that names the plugin.
    """

    process: Literal["server", "worker", "console"]
    logger: FilteringBoundLogger

    async def configuration(self, tenant_id: UUID) -> BaseModel | None:
        """What a tenant has configured, as the plugin's ``Configuration``; its defaults where nothing is.

        None where the plugin has no configuration, or where what it needs is not set. Asked for anew each time, so
        that a change counts at once.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        ...


class Plugin:
    """Base class of plugins; see the module.

    Attributes:
        id: small letters, digits and hyphens; the same for ever.
        name, description: for people.
        version: by PEP 440, like ``1.4.0``.
        requires: range of versions of Weftline that it works with, PEP 440.
        dependencies: ranges of versions of other plugins, by id.
        types: what it adds.
        capabilities: what it needs.
        Configuration: what each tenant can set; fields of type ``SecretStr`` are sealed. None: nothing.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    version: ClassVar[str]
    description: ClassVar[str] = ""
    requires: ClassVar[str] = ""
    dependencies: ClassVar[Mapping[str, str]] = {}
    types: ClassVar[frozenset[PluginType]] = frozenset()
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    Configuration: ClassVar[type[BaseModel] | None] = None

    async def initialize(self, app: PluginApp) -> None:
        """Add to the platform; called once in each process, after the plugins that this one depends on.

        What it raises is reported, and the plugin is not started; everything else goes on.
        """

    async def on_shutdown(self) -> None:
        """Let go of what :meth:`initialize` took; called when the plugin is stopped and when the process ends."""
