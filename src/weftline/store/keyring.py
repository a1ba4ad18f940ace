"""Data keys: each tenant's own, wrapped by the master key, with which its secrets and payloads are sealed.

A tenant's first key is made when it is first needed. ``weft keys rotate`` adds versions. A new version is known to
every process before the first one seals with it: it waits for ``ACTIVE_AFTER`` seconds, and what a process knows is
never older than ``REFRESH_SECONDS`` when it asks. Old versions stay, and open what they have sealed.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from weftline.store.errors import translated
from weftline.store.queries import queries
from weftline.store.vault import KEY_BYTES, MasterKeys, Vault

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

REFRESH_SECONDS = 20.0
"""Age at which what is known of a tenant's keys is looked up again."""

ACTIVE_AFTER = 60.0
"""Seconds from a new version's making until it seals."""

MAX_TENANTS = 50_000
"""Whose keys one process holds in memory; the least recently used go first."""

_VERSION_BYTES, _NONCE_BYTES = 4, 12

_MAC_LABEL = b"weftline mac"


class CannotOpen(Exception):
    """Something was not sealed under this tenant's keys for this context, or was changed since."""

    def __init__(self, context: str) -> None:
        super().__init__(f"cannot open the sealed {context}: it was sealed under another key, or was changed")


class _DataKey:
    """One version: the cipher, and when it was made by this process's monotonic clock."""

    __slots__ = ("cipher", "made_at", "secret")

    def __init__(self, secret: bytes, made_at: float) -> None:
        self.secret = secret
        self.cipher = AESGCM(secret)
        self.made_at = made_at


class TenantCipher:
    """Seals and opens what is one tenant's, AES-256-GCM. What it makes begins with the version of the key.

    The keyring keeps it up to date: whoever holds one sees new versions.

    Attributes:
        tenant_id: whose.
    """

    __slots__ = ("_active_after", "_loaded_at", "_versions", "tenant_id")

    def __init__(self, tenant_id: UUID, active_after: float = ACTIVE_AFTER) -> None:
        self.tenant_id = tenant_id
        self._active_after = active_after
        self._versions: dict[int, _DataKey] = {}
        self._loaded_at = float("-inf")

    @property
    def version(self) -> int:
        """The version that seals: the newest that every process knows by now."""
        settled = time.monotonic() - self._active_after
        known = self._versions
        return max((version for version, key in known.items() if key.made_at <= settled), default=min(known))

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt ``plain``; only :meth:`open` with the same context gets it back.

        Args:
            plain: the secret.
            context: what it is, so that one sealed value cannot stand in for another.
        """
        version, nonce = self.version, token_bytes(_NONCE_BYTES)
        sealed = self._versions[version].cipher.encrypt(nonce, plain, context.encode())
        return version.to_bytes(_VERSION_BYTES) + nonce + sealed

    def sealed_anew(self, sealed: bytes, context: str) -> bytes:
        """What was sealed, sealed with the newest version; raises like :meth:`open`."""
        return self.seal(self.open(sealed, context), context)

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed.

        Raises:
            CannotOpen: it was not sealed under this tenant's keys for this context, or was changed.
        """
        key = self._versions.get(version_of(sealed))
        if key is None:
            raise CannotOpen(context)
        body = sealed[_VERSION_BYTES:]
        try:
            return key.cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen(context) from None

    def derived(self, version: int, label: bytes) -> AESGCM:
        """A cipher of its own, with a key derived from one version (HKDF-Expand, RFC 5869).

        A key must not seal more than 2^32 values under random nonces (NIST SP 800-38D, section 8.3), which executions
        of a busy tenant reach together, and none alone.

        Args:
            version: see :attr:`version`.
            label: what it is for.

        Raises:
            CannotOpen: there is no such version.
        """
        key = self._versions.get(version)
        if key is None:
            raise CannotOpen("payload")
        # its first and only block, as 32 bytes are asked for
        return AESGCM(hmac.digest(key.secret, label + b"\x01", "sha256"))

    def mac(self, message: bytes) -> bytes:
        """32 bytes that nobody without the tenant's keys can make for ``message`` (HMAC-SHA-256, RFC 2104).

        They are the same whatever versions there are: made with a key of their own, derived from the first (RFC 5869).
        """
        first = self._versions[min(self._versions)].secret
        code = HMAC(HKDFExpand(SHA256(), KEY_BYTES, _MAC_LABEL).derive(first), SHA256())
        code.update(message)
        return code.finalize()

    @property
    def is_fresh(self) -> bool:
        """Whether its versions were looked up a short while ago."""
        return time.monotonic() - self._loaded_at < REFRESH_SECONDS

    def know(self, versions: Iterable[tuple[int, bytes, float]]) -> None:
        """These are the versions: number, key, age in seconds."""
        now = time.monotonic()
        self._versions |= {version: _DataKey(key, now - age) for version, key, age in versions}
        self._loaded_at = now


class Keyring:
    """The tenants' data keys.

    Args:
        master_key: 32 bytes; wraps new ones.
        retired: older master keys, which open.
        reload: reads the master keys again; None: they stay as they are.
        active_after: seconds from a new version's making until it seals.

    Attributes:
        vault: seals under the master key itself, what belongs to no tenant.
    """

    def __init__(
        self,
        master_key: bytes,
        retired: Sequence[bytes] = (),
        reload: Callable[[], MasterKeys] | None = None,
        *,
        active_after: float = ACTIVE_AFTER,
    ) -> None:
        self.vault = Vault(MasterKeys(master_key, tuple(retired)), reload)
        self.active_after = active_after
        self._ciphers: OrderedDict[UUID, TenantCipher] = OrderedDict()

    async def cipher(self, connection: Connection, tenant_id: UUID) -> TenantCipher:
        """A tenant's cipher; makes the tenant's first data key where there is none.

        A key that the connection's transaction makes is not kept in memory before that has been committed.

        Raises:
            WrongMasterKey: its data keys were wrapped by a master key that is not known here.
            StoreUnavailable: the database does not answer.
        """
        found = self._ciphers.get(tenant_id)
        if found is not None and found.is_fresh:
            self._ciphers.move_to_end(tenant_id)
            return found
        with translated():
            rows = await connection.fetch(_SQL["load"], tenant_id)
            if not rows:
                await connection.execute(_SQL["add"], tenant_id, 1, self.wrapped_key(tenant_id, 1))
                rows = await connection.fetch(_SQL["load"], tenant_id)
        is_settled = all(row["settled"] for row in rows)
        cipher = found if found is not None and is_settled else TenantCipher(tenant_id, self.active_after)
        cipher.know((row["version"], self._unwrapped(tenant_id, row), row["age"]) for row in rows)
        if is_settled:
            self._ciphers[tenant_id] = cipher
            self._ciphers.move_to_end(tenant_id)
            if len(self._ciphers) > MAX_TENANTS:
                self._ciphers.popitem(last=False)
        return cipher

    def known(self, tenant_id: UUID) -> TenantCipher | None:
        """A tenant's cipher where this process has it in memory."""
        return self._ciphers.get(tenant_id)

    @property
    def is_stale(self) -> bool:
        """Whether :meth:`refresh` has something to look up."""
        return any(not cipher.is_fresh for cipher in self._ciphers.values())

    async def refresh(self, connection: Connection) -> None:
        """Look up the newest versions of all tenants whose keys are in memory.

        Args:
            connection: under a role that sees every tenant.

        Raises:
            WrongMasterKey, StoreUnavailable: as :meth:`cipher`.
        """
        stale = [tenant for tenant, cipher in self._ciphers.items() if not cipher.is_fresh]
        if not stale:
            return
        with translated():
            rows = await connection.fetch(_SQL["load_many"], stale)
        found: dict[UUID, list[tuple[int, bytes, float]]] = {tenant: [] for tenant in stale}
        for row in rows:
            tenant_id = row["tenant_id"]
            found[tenant_id].append((row["version"], self._unwrapped(tenant_id, row), row["age"]))
        for tenant_id, versions in found.items():
            cipher = self._ciphers.get(tenant_id)
            if cipher is not None:
                cipher.know(versions)

    async def add_version(self, connection: Connection, tenant_id: UUID) -> int:
        """Make a tenant's next data key, in the connection's transaction; the older ones retire.

        Returns:
            Its number. It seals from ``ACTIVE_AFTER`` seconds after the commit on.
        """
        with translated():
            rows = await connection.fetch(_SQL["load"], tenant_id)
            version = 1 + max((row["version"] for row in rows), default=0)
            await connection.execute(_SQL["add"], tenant_id, version, self.wrapped_key(tenant_id, version))
            await connection.execute(_SQL["retire"], tenant_id, version)
        return version

    async def rewrap(self, connection: Connection, tenant_id: UUID) -> int:
        """Put a tenant's data keys under the current master key, in the connection's transaction.

        Returns:
            How many were under another one.

        Raises:
            WrongMasterKey: one is under a master key that is not known here.
            StoreUnavailable: the database does not answer.
        """
        count = 0
        with translated():
            for row in await connection.fetch(_SQL["load"], tenant_id):
                version, wrapped = row["version"], row["wrapped"]
                anew = self.vault.resealed(wrapped, key_context(tenant_id, version))
                if anew is not None:
                    await connection.execute(_SQL["rewrap"], tenant_id, version, wrapped, anew)
                    count += 1
        return count

    def wrapped_key(self, tenant_id: UUID, version: int) -> bytes:
        """A new data key, sealed under the master key."""
        return self.vault.seal(token_bytes(KEY_BYTES), key_context(tenant_id, version))

    def _unwrapped(self, tenant_id: UUID, row: asyncpg.Record) -> bytes:
        return self.vault.open(row["wrapped"], key_context(tenant_id, row["version"]))


def version_of(sealed: bytes) -> int:
    """The version of the data key that something was sealed with."""
    return int.from_bytes(sealed[:_VERSION_BYTES])


def key_context(tenant_id: UUID, version: int) -> str:
    """What the vault is told that a wrapped data key is."""
    return f"data key {version} of tenant {tenant_id}"


_SQL = queries("tenant_keys")
