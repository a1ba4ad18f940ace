"""The members of a tenant, and groups of them."""
