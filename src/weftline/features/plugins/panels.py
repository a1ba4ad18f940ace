"""The pages that plugins add to the web app, as somebody sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from weftline.authoring.plugin import Action, Details, Panel, PluginCaller, Section, Table, Texts
from weftline.features.access.caller import Caller
from weftline.features.http.listing import Ordering, SortKey
from weftline.features.plugins.calling import shown_caller
from weftline.plugins.app import HostedApp
from weftline.plugins.running import RunningPlugins

_PLACE = SortKey("place", "place")
ORDER = Ordering(_PLACE, tie=_PLACE, default="place")

A = TypeVar("A", Table, Details)


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A page.

    Attributes:
        plugin_id: whose it is.
        panel: it, with those buttons only that whoever looks may use.
    """

    plugin_id: str
    panel: Panel

    @property
    def place(self) -> str:
        """Where it stands: ``<plugin id>/<panel id>``."""
        return f"{self.plugin_id}/{self.panel.id}"

    @property
    def id(self) -> str:
        """Unique in the plugin."""
        return self.panel.id

    @property
    def title(self) -> Texts:
        """What people call it."""
        return self.panel.title

    @property
    def icon(self) -> str:
        """Name of an icon."""
        return self.panel.icon

    @property
    def sections(self) -> Sequence[Section]:
        """One below the other."""
        return self.panel.sections


class PluginPanels:
    """Shows panels.

    Args:
        plugins: those of this process.
    """

    def __init__(self, plugins: RunningPlugins) -> None:
        self._plugins = plugins

    def list(self, caller: Caller) -> list[ShownPanel]:
        """The panels that somebody may see, those of the plugins that run and are there for the tenant."""
        user = shown_caller(caller)
        return [
            ShownPanel(plugin_id, replace(panel, sections=[_section(app, user, each) for each in panel.sections]))
            for plugin_id, app in self._plugins.apps(caller.tenant_id)
            for panel in app.panels.values()
            if user.can(panel.permission)
        ]


def _section(app: HostedApp, user: PluginCaller, section: Section) -> Section:
    match section:
        case Table():
            rows, above = _usable(app, user, section.row_actions), _usable(app, user, section.actions)
            return replace(section, row_actions=rows, actions=above)
        case Details():
            return replace(section, actions=_usable(app, user, section.actions))
        case _:
            return section


def _usable(app: HostedApp, user: PluginCaller, actions: Sequence[Action]) -> list[Action]:
    """The buttons that somebody may use: those whose permission they have, and their route's."""
    return [each for each in actions if all(user.can(needed) for needed in _needed(app, each))]


def _needed(app: HostedApp, action: Action) -> set[str]:
    route = app.routes.declared(action.method, action.route)
    named = (action.permission, None if route is None else route.permission)
    return {each for each in named if each is not None}
