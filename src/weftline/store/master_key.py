"""Where master keys come from: a file of this platform, or a command that asks some other keeper of keys."""

from __future__ import annotations

import base64
import os
import shlex
import subprocess
from pathlib import Path
from secrets import token_bytes

from weftline.store.vault import KEY_BYTES, MasterKeyError

COMMAND_SECONDS = 30.0
"""How long a command may take to bring the key."""


def decoded(text: str | bytes, source: str) -> bytes:
    """The key that base64 text stands for.

    Args:
        text: the base64 of 32 bytes; space around it does not count.
        source: where it is from, for the error.

    Raises:
        MasterKeyError: it is none.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{source} does not hold a master key: the base64 of {KEY_BYTES} bytes")
    return key


def read_or_make_key(path: Path) -> bytes:
    """The master key in a file that only its owner reads; made where it is missing.

    Raises:
        MasterKeyError: it cannot be read or made, or is none.
    """
    try:
        text = _read(path) or _make(path)
    except OSError as error:
        raise MasterKeyError(f"cannot read the master key in {path}: {error.strerror}") from error
    return decoded(text, str(path))


def read_retired_keys(path: Path) -> tuple[bytes, ...]:
    """The older master keys in a file, a line each; none where there is no file.

    Raises:
        MasterKeyError: it cannot be read, or a line is no key.
    """
    try:
        text = _read(path) or b""
    except OSError as error:
        raise MasterKeyError(f"cannot read the older master keys in {path}: {error.strerror}") from error
    return tuple(decoded(line, str(path)) for line in text.split())


def key_from_command(command: str) -> bytes:
    """The master key that a command writes to its standard output; no shell comes between.

    Raises:
        MasterKeyError: it cannot be run, fails, takes too long, or writes no key. Its output is never shown.
    """
    try:
        done = subprocess.run(  # noqa: S603 - whoever sets the command up owns the process
            shlex.split(command), stdout=subprocess.PIPE, check=True, timeout=COMMAND_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise MasterKeyError(f"the command for the master key ended with status {error.returncode}") from None
    except subprocess.TimeoutExpired:
        raise MasterKeyError(f"the command for the master key took more than {COMMAND_SECONDS:.0f} seconds") from None
    except (OSError, ValueError, IndexError) as error:
        raise MasterKeyError(f"the command for the master key cannot be run: {error}") from None
    return decoded(done.stdout, "what the command for the master key wrote")


def replace_key(path: Path, retired: Path) -> None:
    """Put a new master key into a file, and the one that it held to the older ones.

    The old key is among the older ones before it is gone from its place, so no instant leaves a process without it.

    Raises:
        MasterKeyError: the files cannot be read or written.
    """
    old = base64.b64encode(read_or_make_key(path))
    try:
        older = _read(retired) or b""
        if old not in older.split():
            _write(retired, old + b"\n" + (older + b"\n" if older else b""))
        _write(path, base64.b64encode(token_bytes(KEY_BYTES)) + b"\n")
    except OSError as error:
        raise MasterKeyError(f"cannot write {error.filename}: {error.strerror}") from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return None


def _make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(token_bytes(KEY_BYTES))
    draft = _draft(path, text + b"\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes().strip()
    finally:
        draft.unlink()
    return text


def _write(path: Path, content: bytes) -> None:
    _draft(path, content).replace(path)


def _draft(path: Path, content: bytes) -> Path:
    """A file beside ``path`` with this content, on disk: it is put into its place whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
