"""PostgreSQL and MariaDB, which ask for a password and speak TLS."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.connectors.servers import (
    LOOPBACK,
    Certificate,
    directory,
    free_port,
    make_certificate,
    program,
    running,
)

USER = "weft"
PASSWORD = "pä'ss\\\"wörd"
DATABASE = "shop"


@dataclass(frozen=True)
class SqlServer:
    """Where it listens, under which certificate."""

    port: int
    certificate: Certificate

    @property
    def config(self) -> dict[str, Any]:
        """A connection's configuration."""
        return {
            "host": LOOPBACK,
            "port": self.port,
            "database": DATABASE,
            "authority": self.certificate.pem,
        }


@contextmanager
def postgres_server() -> Iterator[SqlServer]:
    """A PostgreSQL with one database and one role that is no superuser, until the context ends."""
    postgres, initdb, psql = (program(name, "postgresql-15") for name in ("postgres", "initdb", "psql"))
    user = "nobody" if os.geteuid() == 0 else None
    with directory(user) as home:
        port = free_port()
        certificate = make_certificate(home / "tls")
        _own(home, user)
        data = home / "data"
        subprocess.run(
            [initdb, "--pgdata", data, "--auth-local", "trust", "--auth-host", "scram-sha-256", "--username", "owner",
             "--encoding", "UTF8", "--no-locale", "--no-sync"],
            cwd=home, user=user, check=True, capture_output=True,
        )  # fmt: skip
        options = {
            "listen_addresses": LOOPBACK,
            "port": port,
            "unix_socket_directories": home,
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": certificate.certificate,
            "ssl_key_file": certificate.key,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with running([postgres, "-D", data, *settings], home, port, user=user):
            quoted = PASSWORD.replace("'", "''")
            for database, statement in (
                ("postgres", f"CREATE ROLE {USER} LOGIN PASSWORD '{quoted}'"),
                ("postgres", f"CREATE DATABASE {DATABASE} OWNER {USER}"),
            ):
                command = [psql, "-qX", "-h", home, "-p", str(port), "-U", "owner", "-d", database, "-c", statement]
                _when_ready(command)
            yield SqlServer(port, certificate)


@contextmanager
def mariadb_server() -> Iterator[SqlServer]:
    """A MariaDB with one database and one user, until the context ends."""
    server, install, client = (
        program(name, "mariadb-server") for name in ("mariadbd", "mariadb-install-db", "mariadb")
    )
    user = "nobody" if os.geteuid() == 0 else None
    with directory(user) as home:
        port = free_port()
        certificate = make_certificate(home / "tls")
        _own(home, user)
        data, socket = home / "data", home / "socket"
        subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db", *([f"--user={user}"] if user else [])],
            cwd=home, check=True, capture_output=True,
        )  # fmt: skip
        command = [
            server, "--no-defaults", f"--datadir={data}", f"--socket={socket}", f"--bind-address={LOOPBACK}",
            f"--port={port}", f"--pid-file={home}/pid", f"--ssl-cert={certificate.certificate}",
            f"--ssl-key={certificate.key}", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
            "--local-infile=1",
        ]  # fmt: skip
        with running(command, home, port, user=user):
            quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
            _when_ready(
                [client, "--no-defaults", f"--socket={socket}", "-uroot", "--default-character-set=utf8mb4", "-e",
                 f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;"
                 f" CREATE USER {USER}@'%' IDENTIFIED BY '{quoted}';"
                 f" GRANT ALL ON {DATABASE}.* TO {USER}@'%'"]
            )  # fmt: skip
            yield SqlServer(port, certificate)


def _own(home: Path, user: str | None) -> None:
    if user is not None:
        for path in (home, *home.rglob("*")):
            shutil.chown(path, user)
    (home / "tls" / "key.pem").chmod(0o600)


def _when_ready(command: list[str | Path]) -> None:
    """Run a command that a server refuses for as long as it still starts."""
    for _ in range(100):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0 or "starting up" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
