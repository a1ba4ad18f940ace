"""Operators enter tenants, for an hour and with a reason."""
