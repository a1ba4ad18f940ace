"""Weftline: durable, multi-tenant business workflows on plain PostgreSQL."""

__version__ = "0.1.0"
