"""What sees to webhooks, and to plugins that are told of events, in the background."""

from __future__ import annotations

from collections.abc import Callable

from weftline.authoring.builtin import HttpSettings
from weftline.features.database import Database
from weftline.features.tasks.members import Access
from weftline.features.webhooks.deliverer import Deliverer
from weftline.features.webhooks.disabling import Disabling
from weftline.features.webhooks.housekeeping import DeliveryHousekeeper
from weftline.features.webhooks.planner import Planner
from weftline.features.webhooks.plugin_hooks import Hooks, NoHooks, Subscriptions
from weftline.store.bus import Bus
from weftline.store.keyring import Keyring


class WebhookLoops:
    """Plans deliveries, makes them, and forgets them.

    Args:
        database: under the workers' role, which sees every tenant's webhooks.
        access: tenants' rules.
        keyring: opens webhooks' secrets.
        address: makes public addresses of paths.
        http: what webhooks may be.
        bus: tells when feeds grow.
        hooks: the plugins that are told of events, too; None: there are none.

    Attributes:
        planner, deliverer, subscriptions, housekeeper: the loops.
    """

    def __init__(
        self,
        database: Database,
        access: Access,
        keyring: Keyring,
        address: Callable[[str], str],
        http: HttpSettings,
        bus: Bus,
        hooks: Hooks | None = None,
    ) -> None:
        hooks = hooks or NoHooks()
        self.deliverer = Deliverer(database, keyring, Disabling(access, address), http, hooks)
        self.subscriptions = Subscriptions(database, hooks, bus)
        self.planner = Planner(database, access, bus, self.deliverer.wake)
        self.housekeeper = DeliveryHousekeeper(database)

    def start(self) -> None:
        """Begin; does nothing where they run already."""
        self.deliverer.start()
        self.planner.start()
        self.subscriptions.start()
        self.housekeeper.start()

    async def stop(self) -> None:
        """End after the attempts that are being made; does nothing where they do not run."""
        await self.subscriptions.stop()
        await self.planner.stop()
        await self.housekeeper.stop()
        await self.deliverer.stop()
