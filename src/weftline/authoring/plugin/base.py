"""What a plugin is, and what it gets of the platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import BaseModel
    from structlog.typing import FilteringBoundLogger

    from weftline.authoring.plugin.hooks import EventHandler
    from weftline.authoring.plugin.panels import Panel
    from weftline.authoring.plugin.parts import NodeType, StepValidator
    from weftline.authoring.plugin.policies import Policy
    from weftline.authoring.plugin.records import RecordStore
    from weftline.authoring.plugin.routes import Method, RouteHandler
    from weftline.authoring.plugin.sign_in import AuthProvider

PLUGIN_ID = re.compile(r"[a-z][a-z0-9-]{1,62}")
ENTRY_POINT_GROUP = "weftline.plugins"


class PluginType(StrEnum):
    """What a plugin adds."""

    CORE_EXTENSION = "CORE_EXTENSION"
    CONNECTOR = "CONNECTOR"
    WORKFLOW_ACTION = "WORKFLOW_ACTION"
    NODE_TYPE = "NODE_TYPE"
    SECURITY = "SECURITY"
    UI_PANEL = "UI_PANEL"


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

    What is added is the plugin's: it is gone while the plugin is stopped, and not there for a tenant that has disabled
    it. It is added while the plugin is initialized. What cannot be added (a name that is taken or not the plugin's, a
    text without English, a panel whose route is missing) raises ``ValueError``, and the plugin does not start.

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

    def store(self, collection: str) -> RecordStore:
        """Documents that the plugin keeps for each tenant; in servers, workers and commands alike.

        Args:
            collection: small letters, digits and hyphens, at most 63.
        """
        ...

    def route(
        self,
        method: Method,
        path: str,
        handler: RouteHandler,
        *,
        permission: str | None = None,
        body: type[BaseModel] | None = None,
    ) -> None:
        """Answer HTTP requests, under ``/api/v1/plugins/{pluginId}/routes``.

        Args:
            method: of HTTP.
            path: such as ``/roles/{role}``; ``{role}`` takes one segment. Where several fit, the one with the earliest
                literal segment answers.
            handler: answers; raises :class:`~weftline.authoring.plugin.PluginProblem` to refuse.
            permission: one of the platform's, that whoever asks needs in the whole tenant besides ``plugin:use``. None:
                ``plugin:manage``, which only administrators have; for GET, none besides.
            body: model of the body, JSON; None: there is none. An invalid one is refused before the handler is called.
        """
        ...

    def panel(self, panel: Panel) -> None:
        """Add a page to the web app."""
        ...

    def template(self, entry: Mapping[str, Any] | str | bytes) -> None:
        """Add an entry to the template library.

        Args:
            entry: as ``docs/guides/library.md`` describes it, JSON or YAML, or the object itself. Its id begins with
                the plugin's and a hyphen.
        """
        ...

    def step_validator(self, name: str, check: StepValidator) -> None:
        """Add a check that JSON Schemas of definitions can name: ``{"type": "string", "x-validator": "seals.stamp"}``.

        Forms of human tasks are checked when they are filled in, a workflow's input when it is started.

        Args:
            name: ``<plugin id>.<name>``.
            check: says what is wrong with a value.
        """
        ...

    def node_type(self, node_type: NodeType) -> None:
        """Add a type of node, which becomes a core node when a definition is published."""
        ...

    def policy(self, policy: Policy) -> None:
        """Forbid what a policy in Cedar's notation says, whoever may otherwise do it."""
        ...

    def auth_provider(self, provider: AuthProvider) -> None:
        """Let people sign in with passwords that the plugin checks."""
        ...

    def on(self, kind: str, handler: EventHandler) -> None:
        """Be told of events, in the tenants where the plugin is enabled; in one of the servers, after they happened.

        Args:
            kind: as webhooks name them: ``execution.failed``, ``task.*`` for all of an area, or ``*``.
            handler: is told.
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
        is_enabled_by_default: whether it is there for tenants that have not chosen. False for what concerns few of
            them: it runs, and is there only for those that enable it.
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
    is_enabled_by_default: ClassVar[bool] = True

    async def initialize(self, app: PluginApp) -> None:
        """Add to the platform; called once in each process, after the plugins that this one depends on.

        What it raises is reported, and the plugin is not started; everything else goes on.
        """

    async def on_shutdown(self) -> None:
        """Let go of what :meth:`initialize` took; called when the plugin is stopped and when the process ends."""
