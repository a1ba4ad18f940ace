"""Secrets at rest: sealed under the platform's master key, AES-256-GCM (NIST SP 800-38D).

The master key can be changed while everything runs. What older ones have sealed is opened still, for as long as they
are known, and what a process cannot open it tries again with the keys as they are by then: another process may have
begun to use a new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

log = structlog.get_logger(__name__)

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


RELOAD_SECONDS = 1.0
"""Between two looks for newer master keys."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The keys above all others, 32 bytes each.

    Attributes:
        current: seals.
        others: open what was sealed under them, as well.
    """

    current: bytes
    others: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Check the keys.

        Raises:
            ValueError: one has not 32 bytes.
        """
        for key in (self.current, *self.others):
            if len(key) != KEY_BYTES:
                raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(key)}")

    def __repr__(self) -> str:
        return f"MasterKeys(others={len(self.others)})"


class Vault:
    """Seals and opens secrets.

    Args:
        keys: the master keys.
        reload: reads them again; None: they stay as they are.
    """

    def __init__(self, keys: MasterKeys, reload: Callable[[], MasterKeys] | None = None) -> None:
        self._reload = reload
        self._loaded_at = time.monotonic()
        self._use(keys)

    def _use(self, keys: MasterKeys) -> None:
        self._keys = keys
        self._ciphers = tuple(AESGCM(key) for key in (keys.current, *keys.others))

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt ``plain``; only :meth:`open` with the same context gets it back.

        Args:
            plain: the secret.
            context: what it is, so that one sealed value cannot stand in for another.
        """
        # under the newest key even where nothing has told this process that there is one; it seldom seals
        self._catch_up()
        nonce = token_bytes(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The secret that was sealed.

        Raises:
            WrongMasterKey: it was sealed under another key or for another context, or was changed.
        """
        plain = self._open(sealed, context)
        if plain is None and self._has_newer():
            plain = self._open(sealed, context)
        if plain is None:
            raise WrongMasterKey(context)
        return plain

    def resealed(self, sealed: bytes, context: str) -> bytes | None:
        """The same secret under the current key; None where it is under that one already.

        Raises:
            WrongMasterKey: none of the keys opens it.
        """
        if _decrypted(self._ciphers[0], sealed, context) is not None:
            return None
        return self.seal(self.open(sealed, context), context)

    def reload(self) -> None:
        """Use the keys as they are by now.

        Raises:
            MasterKeyError: they cannot be read.
        """
        if self._reload is not None:
            self._loaded_at = time.monotonic()
            keys = self._reload()
            if keys != self._keys:
                self._use(keys)

    def _open(self, sealed: bytes, context: str) -> bytes | None:
        return next(
            (plain for cipher in self._ciphers if (plain := _decrypted(cipher, sealed, context)) is not None), None
        )

    def _has_newer(self) -> bool:
        """Whether there are other keys than a moment ago."""
        if self._reload is None or time.monotonic() - self._loaded_at < RELOAD_SECONDS:
            return False
        before = self._keys
        self._catch_up()
        return self._keys != before

    def _catch_up(self) -> None:
        try:
            self.reload()
        except MasterKeyError as error:
            log.error("the master keys cannot be read again", error=str(error))


def _decrypted(cipher: AESGCM, sealed: bytes, context: str) -> bytes | None:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        return None
