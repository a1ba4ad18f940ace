"""What a plugin gets of the platform."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import structlog

from weftline.authoring.plugin import (
    AuthProvider,
    EventHandler,
    Method,
    NodeType,
    Panel,
    Plugin,
    PluginApp,
    Policy,
    RecordStore,
    RouteHandler,
    StepValidator,
)
from weftline.authoring.plugin.registry import plugin_node_types, step_validators
from weftline.library import TemplateEntry, read_entry
from weftline.plugins.hooks import HookTable
from weftline.plugins.node_types import check_node_type
from weftline.plugins.panels import check_panel, check_permissions, check_routes, check_text
from weftline.plugins.policies import check_policy
from weftline.plugins.routes import RouteTable

if TYPE_CHECKING:
    from pydantic import BaseModel
    from structlog.typing import FilteringBoundLogger

Process = Literal["server", "worker", "console"]

Configurations = Callable[[UUID, str], Awaitable[dict[str, Any]]]
"""Looks up what a tenant has set for a plugin."""

Records = Callable[[str, str], RecordStore]
"""Makes the collection of a plugin; raises ``RecordInvalid``, a ``ValueError``, where it cannot be called so."""

_PART = re.compile(r"[a-z][a-zA-Z0-9-]{0,62}")


class HostedApp(PluginApp):
    """See :class:`~weftline.authoring.plugin.PluginApp`.

    Args:
        plugin: whose it is.
        process: in which it runs.
        stored: looks up what tenants have set.
        records: where documents are kept.
        permissions: the platform's; None: they are not known in this process.
        kinds: patterns of events, likewise.

    Attributes:
        routes, panels, templates, policies, auth_providers, hooks: what the plugin has added; panels and templates by
            id, policies and ways to sign in by name.
    """

    def __init__(
        self,
        plugin: Plugin,
        process: Process,
        stored: Configurations,
        records: Records,
        permissions: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
    ) -> None:
        self._plugin = plugin
        self._stored = stored
        self._records = records
        self._permissions = permissions
        self._kinds = kinds
        self._is_complete = False
        self.process: Process = process
        self.logger: FilteringBoundLogger = structlog.get_logger("weftline.plugin").bind(plugin=plugin.id)
        self.routes = RouteTable()
        self.panels: dict[str, Panel] = {}
        self.templates: dict[str, TemplateEntry] = {}
        self.policies: dict[str, Policy] = {}
        self.auth_providers: dict[str, AuthProvider] = {}
        self.hooks = HookTable()

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

    def store(self, collection: str) -> RecordStore:
        """A collection of documents; see there."""
        return self._records(self._plugin.id, collection)

    def route(
        self,
        method: Method,
        path: str,
        handler: RouteHandler,
        *,
        permission: str | None = None,
        body: type[BaseModel] | None = None,
    ) -> None:
        """Answer requests; see there."""
        self._require_open()
        check_permissions([permission], self._permissions, f"{method} {path}")
        self.routes.add(method, path, handler, permission, body)

    def panel(self, panel: Panel) -> None:
        """Add a page; see there."""
        self._require_open()
        check_panel(panel, self.panels)
        self.panels[panel.id] = panel

    def template(self, entry: Mapping[str, Any] | str | bytes) -> None:
        """Add a template; see there."""
        self._require_open()
        made = read_entry(dict(entry) if isinstance(entry, Mapping) else entry)
        if not made.id.startswith(f"{self._plugin.id}-"):
            raise ValueError(f"template '{made.id}': its id has to begin with '{self._plugin.id}-'")
        if made.id in self.templates:
            raise ValueError(f"template '{made.id}': there is another of this id")
        self.templates[made.id] = made

    def step_validator(self, name: str, check: StepValidator) -> None:
        """Add a check; see there."""
        self._require_open()
        self._require_own(name)
        step_validators.put(name, self._isolated(name, check))

    def node_type(self, node_type: NodeType) -> None:
        """Add a type of node; see there."""
        self._require_open()
        self._require_own(node_type.name)
        check_node_type(node_type)
        plugin_node_types.put(node_type.name, node_type)

    def policy(self, policy: Policy) -> None:
        """Forbid something; see there."""
        self._require_open()
        self._require_own(policy.name)
        check_policy(policy, self.policies, self._permissions)
        self.policies[policy.name] = policy

    def auth_provider(self, provider: AuthProvider) -> None:
        """Let people sign in; see there."""
        self._require_open()
        self._require_own(provider.name)
        if provider.name in self.auth_providers:
            raise ValueError(f"auth provider '{provider.name}': there is another of this name")
        check_text(provider.title, f"auth provider '{provider.name}'")
        self.auth_providers[provider.name] = provider

    def on(self, kind: str, handler: EventHandler) -> None:
        """Be told of events; see there."""
        self._require_open()
        self.hooks.add(kind, handler, self._kinds)

    def complete(self) -> None:
        """The plugin is initialized: it adds nothing more.

        Raises:
            ValueError: something that it has added names what is not there.
        """
        for panel in self.panels.values():
            check_routes(panel, self.routes, self._permissions)
        self._is_complete = True

    def _isolated(self, name: str, check: StepValidator) -> StepValidator:
        """The same check, whose faults count as faults of the value; what it raises may hold the value."""

        def checked(value: Any) -> str | None:
            try:
                return check(value)
            except Exception as error:
                self.logger.warning("a plugin's check failed", check=name, error=type(error).__name__)
                return f"could not be checked: '{name}' failed"

        return checked

    def _require_open(self) -> None:
        if self._is_complete:
            raise ValueError("a plugin adds to the platform while it is initialized, not later")

    def _require_own(self, name: str) -> None:
        plugin_id, _, part = name.partition(".")
        if plugin_id != self._plugin.id or _PART.fullmatch(part) is None:
            raise ValueError(
                f"'{name}' cannot be a name here: it is '{self._plugin.id}.', and letters, digits, hyphens"
            )
