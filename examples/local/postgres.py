"""A PostgreSQL database on a free port of this machine, from the binaries that Weftline brings along."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.local.ports import HOST, free_port
from weftline.store.embedded.account import give
from weftline.store.embedded.binaries import Binaries

DATABASE = "postgres"


@dataclass(frozen=True)
class Database:
    """Where it is, and who gets in."""

    port: int
    credentials: dict[str, str]

    @property
    def config(self) -> dict[str, Any]:
        """What a connection to it configures. On one machine nothing has to be encrypted."""
        return {"host": HOST, "port": self.port, "database": DATABASE, "tls": False}

    @property
    def url(self) -> str:
        """For a client of this machine's."""
        return "postgresql://{username}:{password}@{host}:{port}/{database}".format(**self.config, **self.credentials)


@contextmanager
def database() -> Iterator[Database]:
    """An empty database, while the block runs."""
    binaries = Binaries.locate()
    found = Database(free_port(), {"username": "acme", "password": secrets.token_urlsafe()})
    with tempfile.TemporaryDirectory(prefix="weft-") as name:
        home = Path(name)
        data, password = home / "data", home / "password"
        password.write_text(found.credentials["password"])
        if binaries.account is not None:
            # PostgreSQL does not run as root
            for path in (password, home):
                give(path, binaries.account)
        binaries.run(
            "create its data directory",
            "initdb",
            *("--pgdata", data, "--username", found.credentials["username"], "--pwfile", password),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        )
        options = f"-p {found.port} -c listen_addresses={HOST} -c unix_socket_directories= -c fsync=off"
        control = ("--wait", "--silent", "--pgdata", data)
        binaries.run("start", "pg_ctl", "start", *control, "--log", data / "log", "--options", options)
        try:
            yield found
        finally:
            binaries.run("stop", "pg_ctl", "stop", *control, "--mode", "immediate")
