"""Everybody's accounts, as the platform's operators see to them."""
