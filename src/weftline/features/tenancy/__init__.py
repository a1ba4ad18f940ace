"""Tenants: who they are, how they are set up, and which of them a request means."""
