"""Who the server runs as.

PostgreSQL refuses to run as root. Started by root, it therefore runs as a system user of its own, made on
first use, and that user must reach the binaries and the data through directories that root may have closed
to others (a clone in ``/root``, say). Those get the permission to be walked through (``o+x``), never the
one to be listed.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from weftline.store.embedded.errors import ServerAccountError

_NAME = "weftline"
_ADMIN_PATH = "/usr/sbin:/sbin"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system user."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """The user to run the server as; None for the present one.

    Raises:
        ServerAccountError: this is root, and no system user exists or can be made.
    """
    if os.geteuid() != 0:
        return None
    entry = _find() or _create()
    return Account(entry.pw_uid, entry.pw_gid)


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:{_ADMIN_PATH}")
    if useradd is None:
        raise ServerAccountError(
            f"PostgreSQL does not run as root, and there is no useradd to make it a user: make a system user "
            f"named {_NAME}, or start Weftline as an ordinary user"
        )
    made = subprocess.run(  # noqa: S603 - fixed arguments
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", _NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    # Another process may have made the user meanwhile: what counts is that it is there.
    entry = _find()
    if entry is None:
        raise ServerAccountError(f"the system user {_NAME} could not be made: {made.stderr.strip()}")
    logger.info("made the system user %s to run PostgreSQL, which refuses to run as root", _NAME)
    return entry


def give(path: Path, account: Account) -> None:
    """Makes ``account`` the owner of the directory and of everything in it, where it is not yet."""
    if path.stat().st_uid == account.uid:
        return
    for directory, _, files in os.walk(path):
        os.chown(directory, account.uid, account.gid)
        for name in files:
            os.chown(Path(directory) / name, account.uid, account.gid, follow_symlinks=False)


def open_way_to(path: Path) -> None:
    """Lets every user walk through the directories above ``path``."""
    for directory in path.resolve().parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            logger.warning("chmod o+x %s, so that PostgreSQL's user can reach %s", directory, path)
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def open_tree(root: Path) -> None:
    """Lets every user read the files under ``root``, and run those that its owner may run."""
    open_way_to(root)
    for directory, _, files in os.walk(root):
        _open(Path(directory))
        for name in files:
            _open(Path(directory) / name)


def _open(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
    if wanted != mode:
        path.chmod(wanted)
