"""The embedded server's life: made on first use, started when needed, shared, stopped by its last user.

Every user (``weft up``, ``weft run``, …) holds a shared lock while it needs the server. Whoever leaves
tries to turn it into an exclusive one; who succeeds was the last and stops the server. A user that dies
without leaving loses its lock by the kernel's hand, and the server it may leave running is found, used and
stopped by the next. Starting is serialised by a second lock, and a first start is made in a directory
beside the final one, so that a process killed at any moment leaves either no data directory or a whole
one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from weftline.store.embedded.account import give, open_way_to
from weftline.store.embedded.binaries import MAJOR_VERSION, Binaries
from weftline.store.embedded.errors import DataVersionError, ServerFailedError
from weftline.store.embedded.ownership import FileLock
from weftline.store.embedded.processes import is_alive, processes_in
from weftline.store.embedded.tuning import available_memory, configuration

_DATABASE = "weftline"
_ADMINISTRATOR = "postgres"
_PORT = 5432
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
_LONGEST_SOCKET_PATH = 107  # sun_path of Linux, less its final NUL; macOS has 103, and a shorter default home
_SECONDS_TO_START = "120"  # recovery after a crash replays what was written since the last checkpoint
_SECONDS_TO_STOP = "60"
_SECONDS_FOR_ORPHANS = 10


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What can be said of the embedded server from outside."""

    running: bool
    pid: int | None
    version: str
    data: Path
    log: Path
    url: str


class EmbeddedServer:
    """A PostgreSQL server of our own under ``home``.

    Its methods block (up to seconds); call them in a thread from asynchronous code.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.data = self.home / "postgres"
        self.log = self.data / "server.log"
        self._users = FileLock(self.home / "postgres.users")
        self._starting = FileLock(self.home / "postgres.starting")
        # its presence says: keep running without users
        self._kept = self.home / "postgres.keep"

    @cached_property
    def binaries(self) -> Binaries:
        """PostgreSQL's programs (``psql``, ``pg_dump`` …)."""
        return Binaries.locate()

    @cached_property
    def socket_directory(self) -> Path:
        """Where the socket is: in the home, or under the temporary directory if that path were too long."""
        directory = self.home / "run"
        if len(os.fsencode(directory / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return directory
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"weft-{digest}"

    @property
    def url(self) -> str:
        """How to connect: as an ordinary role that owns the database, through the socket."""
        host = quote(str(self.socket_directory), safe="/")
        return f"postgresql://{_DATABASE}@/{_DATABASE}?host={host}&port={_PORT}"

    def start(self) -> str:
        """Joins the running server, or starts it, making it first where there is none.

        Returns:
            The URL to connect with. The server runs at least until :meth:`stop`.

        Raises:
            EmbeddedServerError: its subclass says why not.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._users.acquire(shared=True)  # waits for a stop that is under way
        try:
            with self._starting.exclusively():
                self._ensure_running()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Leaves the server; the last user to leave stops it, unless :meth:`keep_running` was asked for.

        Raises:
            ServerFailedError: it would not stop.
        """
        if not self._users.held:
            return
        if self._users.try_acquire():
            try:
                if not self._kept.exists():
                    self._halt()
            finally:
                self._users.release()

    def keep_running(self) -> None:
        """Lets the server outlive its users, until :meth:`shut_down`."""
        self._kept.touch()

    def shut_down(self) -> None:
        """Stops the server whoever uses it.

        Raises:
            ServerFailedError: it would not stop.
        """
        self._kept.unlink(missing_ok=True)
        self._halt()
        self._users.release()

    def status(self) -> ServerStatus:
        """Whether it runs, and where everything is."""
        running = self._responds()
        return ServerStatus(
            running=running,
            pid=self._postmaster_pid() if running else None,
            version=MAJOR_VERSION,
            data=self.data,
            log=self.log,
            url=self.url,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ensure_running(self) -> None:
        if self._is_ready():
            return
        self._prepare_directories()
        self._configure()
        if not self.data.exists():
            self._initialise()
        self._check_version()
        self._clear_remains()
        self._launch()

    def _prepare_directories(self) -> None:
        self.socket_directory.mkdir(mode=0o700, exist_ok=True)
        account = self.binaries.account
        if account is None:
            return
        open_way_to(self.data)
        open_way_to(self.socket_directory)
        give(self.socket_directory, account)
        if self.data.exists():
            give(self.data, account)

    def _initialise(self) -> None:
        """Makes the cluster with its role and database, all or nothing.

        Its programs inherit the lock on starting: should this process be killed, the next start waits for them to end
        before it clears away what they made.
        """
        starting = (self._starting.fileno(),)
        unfinished = self.home / "postgres.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        if self.binaries.account is not None:
            give(unfinished, self.binaries.account)
        self.binaries.run(
            "create its data directory",
            "initdb",
            *("--pgdata", unfinished),
            *("--username", _ADMINISTRATOR),
            *("--encoding", "UTF8"),
            # the same order and case rules everywhere, whatever the machine's locale
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            # only the server's user and root can enter the socket's directory
            *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
            inherited=starting,
        )
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write("\ninclude '../weftline.conf'\ninclude_if_exists '../postgres.conf'\n")
        self.binaries.run(
            "create its database",
            "postgres",
            *("--single", "-D", unfinished, "-c", "exit_on_error=on", _ADMINISTRATOR),
            standard_input=(
                f"CREATE ROLE {_DATABASE} LOGIN CREATEROLE CREATEDB\nCREATE DATABASE {_DATABASE} OWNER {_DATABASE}\n"
            ),
            inherited=starting,
        )
        unfinished.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise DataVersionError(self.data, found, MAJOR_VERSION)

    def _configure(self) -> None:
        overrides = self.home / "postgres.conf"
        if not overrides.exists():
            _write_readable(overrides, "# PostgreSQL settings of your own, they win over weftline.conf.\n")
        generated = self.home / "weftline.conf"
        _write_readable(generated, configuration(self.socket_directory, available_memory()))

    def _clear_remains(self) -> None:
        """Makes way after the postmaster was killed.

        PostgreSQL looks after most of that itself, but not after two things. Backends outlive their postmaster by
        a moment, and a new one refuses to start beside them: wait. And where nobody collects dead processes, as in
        a container without an init, the old postmaster still counts as running: remove its lock files.
        """
        pid = self._postmaster_pid()
        if pid is None:
            return
        deadline = time.monotonic() + _SECONDS_FOR_ORPHANS
        while is_alive(pid):  # it does not answer: most probably it was killed this very moment
            if time.monotonic() > deadline:
                return  # PostgreSQL will say what is in its way
            time.sleep(0.02)
        while processes_in(self.data):
            if time.monotonic() > deadline:
                return  # PostgreSQL will say what is in its way
            time.sleep(0.02)
        (self.socket_directory / f"{_SOCKET_NAME}.lock").unlink(missing_ok=True)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self) -> None:
        said_before = self.log.stat().st_size if self.log.exists() else 0
        try:
            self.binaries.run(
                "start",
                "pg_ctl",
                *("start", "--wait", "--timeout", _SECONDS_TO_START, "--silent"),
                *("--pgdata", self.data, "--log", self.log),
            )
        except ServerFailedError as error:
            raise ServerFailedError("start", self._logged_since(said_before) or error.output) from None

    def _logged_since(self, offset: int) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace").strip()

    def _halt(self) -> None:
        if self._postmaster_pid() is None:
            return
        stop = ("stop", "--wait", "--timeout", _SECONDS_TO_STOP, "--silent", "--pgdata", self.data)
        code, _ = self.binaries.attempt("pg_ctl", *stop, "--mode", "fast")
        if code != 0 and self._responds():
            # what is committed is safe; the next start recovers
            self.binaries.run("stop", "pg_ctl", *stop, "--mode", "immediate")

    def _is_ready(self) -> bool:
        return self._probe() == 0

    def _responds(self) -> bool:
        """Whether a server answers at the socket, ready or still recovering."""
        return self._probe() in (0, 1)

    def _probe(self) -> int:
        if not (self.socket_directory / _SOCKET_NAME).exists():
            return 2
        code, _ = self.binaries.attempt("pg_isready", "--quiet", "--host", self.socket_directory, "--port", str(_PORT))
        return code

    def _postmaster_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None


def _write_readable(file: Path, content: str) -> None:
    """Writes a file that the server's user can read, whatever the umask."""
    file.write_text(content)
    file.chmod(0o644)
