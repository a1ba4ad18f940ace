"""Fixtures for tests of market roles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from market_server import Market, running_market

from weftline.authoring import registry
from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin.registry import step_validators

with owned_by("market-roles"):
    from weftline_market_roles.checks import CHECKS
    from weftline_market_roles.plugin import MarketRolesPlugin

    for _name, _check in CHECKS.items():
        step_validators.put(_name, _check)
# other tests of this process have no plugin; see the fixture
for _owned in (registry, step_validators):
    _owned.withhold(MarketRolesPlugin.id)


@pytest.fixture
def plugin() -> Iterator[None]:
    """The plugin's actions and checks, in this process."""
    for owned in (registry, step_validators):
        owned.give_back(MarketRolesPlugin.id)
    yield
    for owned in (registry, step_validators):
        owned.withhold(MarketRolesPlugin.id)


@pytest.fixture(scope="session")
def market() -> Iterator[Market]:
    with running_market() as market:
        yield market
