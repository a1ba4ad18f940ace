"""Secrets at rest: sealed under the platform's master key, AES-256-GCM (NIST SP 800-38D)."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class WrongMasterKey(Exception):
    """Something was sealed under another master key, or was changed since."""

    def __init__(self, context: str) -> None:
        super().__init__(
            f"cannot open the sealed {context}: every process of one platform needs the same master key"
            " (WEFT_MASTER_KEY, or the file master.key in WEFT_HOME)"
        )


class MasterKeyError(Exception):
    """The master key cannot be read or made."""


class Vault:
    """Seals and opens secrets.

    Args:
        master_key: 32 bytes.
    """

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(master_key)}")
        self._cipher = AESGCM(master_key)

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt ``plain``; only :meth:`open` with the same context gets it back.

        Args:
            plain: the secret.
            context: what it is, so that one sealed value cannot stand in for another.
        """
        nonce = token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The secret that was sealed.

        Raises:
            WrongMasterKey: it was sealed under another key or for another context, or was changed.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise WrongMasterKey(context) from None


def read_or_make_key(path: Path) -> bytes:
    """The master key in a file that only its owner reads; made where it is missing.

    Raises:
        MasterKeyError: it cannot be read or made, or is none.
    """
    try:
        text = _read(path) or _make(path)
    except OSError as error:
        raise MasterKeyError(f"cannot read the master key in {path}: {error.strerror}") from error
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{path} does not hold a master key: the base64 of {KEY_BYTES} bytes")
    return key


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return None


def _make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(token_bytes(KEY_BYTES))
    # whole or not at all: another process may be making it at the same time
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes().strip()
    finally:
        draft.unlink()
    return text
