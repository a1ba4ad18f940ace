"""The plugin itself: everything that it adds to the platform, in one place."""

from __future__ import annotations

import asyncio

from weftline.authoring.plugin import Capability, Plugin, PluginApp, PluginType
from weftline_market_roles.actions import run_on
from weftline_market_roles.checks import CHECKS, prepare
from weftline_market_roles.entries import entries
from weftline_market_roles.panel import PANEL
from weftline_market_roles.register import Register
from weftline_market_roles.routes import Routes


class MarketRolesPlugin(Plugin):
    """Companies of an energy market: their roles, their contracts and their portfolios."""

    id = "market-roles"
    name = "Market roles"
    version = "0.1.0"
    description = "Roles of the energy market: contract onboarding and portfolio management for each of them."
    requires = ">=0.1"
    types = frozenset({PluginType.CORE_EXTENSION, PluginType.WORKFLOW_ACTION, PluginType.UI_PANEL})
    capabilities = frozenset({Capability.DATABASE})
    # few tenants are companies of an energy market
    is_enabled_by_default = False

    async def initialize(self, app: PluginApp) -> None:
        """Add actions, checks, templates, routes and the page."""
        await asyncio.to_thread(prepare)
        register = Register.of(app)
        for name, check in CHECKS.items():
            app.step_validator(name, check)
        for entry in entries():
            app.template(entry)
        Routes(register).add_to(app)
        app.panel(PANEL)
        run_on(register)

    async def on_shutdown(self) -> None:
        """Let actions of this process work on nothing any more."""
        run_on(None)
