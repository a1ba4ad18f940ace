"""Market roles: onboarding and portfolios of the companies of an energy market, as a plugin for Weftline."""

from weftline_market_roles.plugin import MarketRolesPlugin

__all__ = ["MarketRolesPlugin"]
