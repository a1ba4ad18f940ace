"""Statistics over many tenants."""
