"""API keys: for programs, scoped, expiring, stored hashed.

A key names its tenant, so that looking it up stays within that tenant's rows: ``wk_`` and the base64 of the tenant's id
and 256 random bits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from secrets import token_bytes
from uuid import UUID

from sqlalchemy import text

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.errors import NotSignedIn
from weftline.features.database import Database

PREFIX = "wk_"
_LENGTH = len(PREFIX) + 64
KEPT = 10_000
TTL_SECONDS = 30.0
USED_SECONDS = 60.0
"""A key's last use is written down at most so often."""

_FIND = text(
    """
    SELECT id, user_id, service_account_id, scopes, extract(epoch FROM expires_at)::float8 AS expires_at
    FROM api_keys
    WHERE tenant_id = :tenant AND key_hash = :hash AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > now())
    """
)
_USED = text("UPDATE api_keys SET last_used_at = now() WHERE tenant_id = :tenant AND id = :id")


@dataclass(slots=True)
class _Key:
    id: UUID
    tenant_id: UUID
    user_id: UUID | None
    service_account_id: UUID | None
    scopes: frozenset[str] | None
    good_until: float
    used_at: float = 0.0


def is_api_key(token: str) -> bool:
    """Whether a bearer token is an API key rather than an access token."""
    return token.startswith(PREFIX)


def new_key(tenant_id: UUID) -> str:
    """A new key of a tenant."""
    return PREFIX + base64.urlsafe_b64encode(tenant_id.bytes + token_bytes(32)).decode()


def key_hash(key: str) -> bytes:
    """What is stored of a key: its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).digest()


class ApiKeys:
    """Checks API keys.

    Args:
        database: under the API's role.
        cache: whom the keys belong to.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache
        self._known: OrderedDict[bytes, _Key] = OrderedDict()
        cache.on_key(self._forget)

    async def identify(self, token: str) -> Caller:
        """The caller that a key stands for.

        Raises:
            NotSignedIn: there is no such key (any more), or its owner may not sign in.
        """
        digest = key_hash(token)
        now = time.time()
        key = self._known.get(digest)
        if key is None or key.good_until <= now:
            key = await self._find(token, digest, now)
        if now - key.used_at > USED_SECONDS:
            key.used_at = now
            async with self._database.transaction(key.tenant_id) as session:
                await session.execute(_USED, {"tenant": key.tenant_id, "id": key.id})
        if key.user_id is not None:
            owner, kind = await self._cache.member(key.tenant_id, key.user_id), "user"
        else:
            assert key.service_account_id is not None
            owner, kind = await self._cache.service(key.tenant_id, key.service_account_id), "service"
        if owner is None:
            raise NotSignedIn("The owner of this API key is disabled.")
        authority = owner.authority if key.scopes is None else _limited(owner.authority, key.scopes)
        return Caller(
            key.tenant_id,
            "service" if kind == "service" else "user",
            owner.id,
            owner.name,
            authority,
            key_id=key.id,
            scopes=key.scopes,
            methods=frozenset({"key"}),
        )

    async def _find(self, token: str, digest: bytes, now: float) -> _Key:
        self._known.pop(digest, None)
        tenant_id = _tenant_of(token)
        async with self._database.transaction(tenant_id) as session:
            row = (await session.execute(_FIND, {"tenant": tenant_id, "hash": digest})).mappings().one_or_none()
        if row is None:
            raise NotSignedIn("The API key is not valid, has expired, or was revoked.")
        key = _Key(
            row["id"],
            tenant_id,
            row["user_id"],
            row["service_account_id"],
            None if row["scopes"] is None else frozenset(row["scopes"]),
            min(now + TTL_SECONDS, row["expires_at"] or float("inf")),
        )
        self._known[digest] = key
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return key

    def _forget(self, key_id: UUID) -> None:
        for digest in [digest for digest, key in self._known.items() if key.id == key_id]:
            del self._known[digest]


def _tenant_of(token: str) -> UUID:
    try:
        if len(token) != _LENGTH:
            raise ValueError
        return UUID(bytes=base64.urlsafe_b64decode(token.removeprefix(PREFIX))[:16])
    except (ValueError, binascii.Error):
        raise NotSignedIn("The API key is not valid, has expired, or was revoked.") from None


def _limited(authority: Authority, scopes: frozenset[str]) -> Authority:
    return Authority(
        authority.roles,
        authority.permissions & scopes,
        {id: allowed & scopes for id, allowed in authority.on_workflows.items()},
        authority.groups,
        authority.department,
    )
