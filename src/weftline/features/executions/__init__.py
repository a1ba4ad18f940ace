"""Executions: starting, watching, steering them, and delivering events to them."""
