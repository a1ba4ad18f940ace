"""Permissions given to one subject directly: in the whole tenant, or on one workflow and what it runs."""
