"""Alembic's entry: runs the revisions that are due on the connection of ``migrations.upgrade``."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

# An arbitrary number that no other program should use for its advisory locks.
_LOCK_KEY = 0x57454654_4C494E45

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection)
with context.begin_transaction():
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    # A revision that would queue behind a long transaction, and all others behind it, gives up instead.
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    context.run_migrations()
