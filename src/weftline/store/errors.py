"""Errors of the store, and the one place where the driver's errors become ours.

::

    StoreError                    something is wrong with the database
    ├── StoreUnavailable          it cannot be reached, or went away: try again later
    ├── Fenced                    another worker has the execution; what was to be written is void
    ├── Superseded                somebody else has taken the act over; what was to be written is void
    └── Unstorable                PostgreSQL refuses the very value (a NUL character, a number out of range)
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import asyncpg


class StoreError(Exception):
    """Something is wrong with the database."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or the connection broke: whether the last statement took effect is unknown."""


class Fenced(StoreError):
    """Another worker has taken the execution over; nothing was written."""


class Superseded(StoreError):
    """The act was begun again under its idempotency key by somebody else; nothing was written."""


class Unstorable(StoreError):
    """PostgreSQL refuses a value; nothing was written."""


_UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
)


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's errors into the store's.

    Raises:
        StoreUnavailable, Fenced, Unstorable: instead of what asyncpg raised.
    """
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.table_name != "events":
            # not the fence, but a rule of an author's own table, broken in a joined transaction
            raise
        raise Fenced(str(error)) from error
    except asyncpg.DataError as error:
        # asyncpg.DataError covers both PostgreSQL's class 22 and values that the driver itself cannot encode
        raise Unstorable(str(error)) from error
    except _UNAVAILABLE as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error
