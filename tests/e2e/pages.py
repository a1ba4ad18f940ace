"""Every page of the web app, as its routes tell."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.sample import Sample
from tests.e2e.weft import ROOT

ROUTES = ROOT / "ui" / "src" / "routes"

SIGNED_OUT = "(account)"

PARAMETERS = {
    "api-keys": "key",
    "connections": "connection",
    "executions": "completed",
    "groups": "group",
    "policies": "policy",
    "tasks": "task",
    "triggers": "trigger",
    "users": "person",
    "webhooks": "webhook",
}
"""By the first segment of a route with a parameter: the attribute of the sample that it is filled with."""

NAMES = {
    "integrations": "github",
    "library": "purchase-approval",
    "message-templates": "order-failed",
    "platform": "default",
    "plugins": "gadgets",
    "roles": "shift-lead",
    "variables": "SHOP_URL",
    "workflows": "purchase-approval",
}
"""Likewise, where pages are about something by its name."""

QUERIES = {
    "/accept-invitation": "?token=wt_none",
    "/reset-password": "?token=wt_none",
    "/verify-email": "?token=wt_none",
}


def routes() -> list[tuple[str, bool]]:
    """The route of every page, and whether it is for those who are signed in."""
    found: list[tuple[str, bool]] = []
    for file in sorted(ROUTES.rglob("+page.svelte")):
        parts = file.parent.relative_to(ROUTES).parts
        route = "/" + "/".join(part for part in parts if not part.startswith("("))
        found.append((route, SIGNED_OUT not in parts))
    return found


def address(route: str, sample: Sample) -> str:
    """Where a page of a route is that shows something.

    Raises:
        LookupError: nobody has said yet with what a parameter of the route is filled.
    """
    first = route.split("/")[1]
    filled = route
    if "[" in route:
        value = getattr(sample, PARAMETERS[first]) if first in PARAMETERS else NAMES[first]
        filled = re.sub(r"\[+[^]]+\]+", value, route)
    return filled + QUERIES.get(route, "")


def settle(page: Page) -> None:
    """Wait until a page shows what it has to show."""
    page.wait_for_load_state("networkidle")
    # the network may be idle while the page is not there yet, and nothing is busy then
    expect(page.locator("main").get_by_role("heading").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => undefined)")
