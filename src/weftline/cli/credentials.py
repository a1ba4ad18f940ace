"""What ``weft login`` leaves behind: one file that only its owner can read.

A refresh token works once: two commands that both used it would look to the server like a thief and a victim, and
the server would end the sign-in. So whoever renews the tokens holds the file's lock, and looks again first.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import stat
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

from weftline.cli.failures import CommandFailed

FRESHNESS = 30.0
"""Seconds that an access token must still be good for."""

LOCK_INTERVAL = 0.05
"""Seconds between attempts to get the lock."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Credentials:
    """A sign-in.

    Attributes:
        url: the server's address.
        email: who signed in.
        tenant: the slug of the tenant signed in to; None where there is none.
        access_token: sent with every request.
        refresh_token: buys the next access token, once.
        expires_at: when the access token ends, Unix seconds.
    """

    url: str
    email: str
    tenant: str | None
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float

    @property
    def is_fresh(self) -> bool:
        """Whether the access token is good for a request."""
        return time.time() + FRESHNESS < self.expires_at


def default_path() -> Path:
    """Where credentials are kept (XDG Base Directory Specification)."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / "weftline" / "credentials.json"


class CredentialsFile:
    """The file that holds a sign-in.

    Args:
        path: where it is, or will be.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or default_path()

    def read(self) -> Credentials | None:
        """The sign-in; None where nobody has signed in.

        Raises:
            CommandFailed: others can read the file, or it is damaged.
        """
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CommandFailed(f"cannot read {self._path}: {error.strerror}") from None
        with os.fdopen(descriptor, encoding="utf-8") as file:
            status = os.fstat(descriptor)
            if status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
                raise CommandFailed(
                    f"refusing to use {self._path}: it is not yours alone",
                    [f"chmod 600 {self._path}, and if others may have read it, 'weft logout'"],
                )
            try:
                return _from_json(json.load(file))
            except (ValueError, TypeError, KeyError):
                raise CommandFailed(f"{self._path} is damaged", ["sign in again with 'weft login'"]) from None

    def write(self, credentials: Credentials) -> None:
        """Put a sign-in in place of what was there: either the old or the new one is there, whole, at any time.

        Raises:
            CommandFailed: the file cannot be written.
        """
        beside = self._path.with_name(f".{self._path.name}.{token_hex(8)}")
        try:
            self._make_directory()
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(_to_json(credentials), file)
                    file.flush()
                    os.fsync(descriptor)
                beside.replace(self._path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise CommandFailed(f"cannot write {self._path}: {error.strerror}") from None

    def delete(self) -> None:
        """Forget the sign-in."""
        self._path.unlink(missing_ok=True)

    @asynccontextmanager
    async def locked(self) -> AsyncGenerator[None]:
        """Hold the lock under which the file is changed; the kernel drops it with the process, too."""
        try:
            self._make_directory()
            descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CommandFailed(f"cannot write to {self._path.parent}: {error.strerror}") from None
        try:
            # not one call that blocks: Ctrl-C must get through
            while not _try_lock(descriptor):  # noqa: ASYNC110  # another process holds it
                await asyncio.sleep(LOCK_INTERVAL)
            yield
        finally:
            os.close(descriptor)

    def _make_directory(self) -> None:
        directory = self._path.parent
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_mode & _OTHERS:
            directory.chmod(0o700)


def _try_lock(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _to_json(credentials: Credentials) -> dict[str, Any]:
    return {
        "url": credentials.url,
        "email": credentials.email,
        "tenant": credentials.tenant,
        "accessToken": credentials.access_token,
        "refreshToken": credentials.refresh_token,
        "expiresAt": credentials.expires_at,
    }


def _from_json(stored: Any) -> Credentials:
    tenant = stored["tenant"]
    return Credentials(
        str(stored["url"]),
        str(stored["email"]),
        None if tenant is None else str(tenant),
        str(stored["accessToken"]),
        str(stored["refreshToken"]),
        float(stored["expiresAt"]),
    )
