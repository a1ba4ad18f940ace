"""Plugins as people see them: which there are, what a tenant has set for them, and whether they run."""
