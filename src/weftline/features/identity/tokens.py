"""Access tokens: short-lived JWTs (RFC 7519, profile of RFC 9068), signed with Ed25519 keys that any process may check.

Keys live in the database, their private halves sealed. A new key is published some minutes before it signs, and an old
one stays published until what it signed has expired; so changing keys signs nobody out.
"""

from __future__ import annotations

import base64
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from joserfc.registry import Header
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.errors import NotSignedIn
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.model.ids import uuid7
from weftline.store.vault import Vault

# RFC 9864 prefers the name Ed25519; EdDSA is the one that every library out there knows
ALGORITHM = "EdDSA"
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

AUDIENCE = "weftline"
MEDIA_TYPE = "at+jwt"
MAX_TOKEN = 8192
"""Characters of the longest token that is looked at."""

PUBLISHED_BEFORE = 300
"""Seconds that a new key is published before it signs."""

RELOAD_SECONDS = 1.0
"""A token with an unknown key makes this process look for new keys, at most so often."""

_KEYS = text(
    """
    SELECT id, public_key, private_key, extract(epoch FROM active_at)::float8 AS active_at
    FROM signing_keys
    WHERE retired_at IS NULL OR retired_at > now() - make_interval(secs => :lifetime)
    ORDER BY active_at, id
    """
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('weftline.signing_keys'))")
_ADD = text(
    """
    INSERT INTO signing_keys (id, public_key, private_key, active_at)
    VALUES (:id, CAST(:public AS jsonb), :private, now() + make_interval(secs => :delay))
    """
)
_RETIRE = text(
    """
    UPDATE signing_keys SET retired_at = now() + make_interval(secs => :delay)
    WHERE id <> :id AND retired_at IS NULL
    """
)
_DROP = text("DELETE FROM signing_keys WHERE id <> :id RETURNING id")
_IS_DUE = text("SELECT coalesce(max(created_at) < now() - CAST(:age AS interval), false) FROM signing_keys")
_LIST = text(
    "SELECT id, created_at, active_at, retired_at FROM signing_keys ORDER BY created_at DESC, id DESC LIMIT 100"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says.

    Attributes:
        subject: the person's id.
        tenant_id: the tenant signed in to; None for a person who belongs to none.
        session_id: the session.
        methods: how they proved who they are.
        is_operator: an operator of the platform who has entered the tenant.
        expires_at: Unix seconds.
        key_id: of the key that signed it.
    """

    subject: UUID
    tenant_id: UUID | None
    session_id: UUID
    methods: frozenset[str]
    is_operator: bool
    expires_at: float
    key_id: str


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What everybody may know of a signing key.

    Attributes:
        id: ``kid`` of what it signs.
        created_at: when it was made and published.
        active_at: from when it signs.
        retired_at: from when it signs no more; None while none follows it.
    """

    id: str
    created_at: datetime
    active_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class _SigningKey:
    id: str
    key: OKPKey
    active_at: float


def key_context(key_id: str) -> str:
    """What the vault is told that a sealed private key is."""
    return f"signing key {key_id}"


class Tokens:
    """Issues and checks access tokens.

    Args:
        identity: under the role that signs people in.
        vault: opens the private keys.
        issuer: ``iss`` of the tokens, the platform's URL.
        lifetime: seconds that a token lives.
    """

    def __init__(self, identity: Database, vault: Vault, *, issuer: str, lifetime: int = 600) -> None:
        self._identity = identity
        self._vault = vault
        self._issuer = issuer
        self.lifetime = lifetime
        self._keys: dict[str, _SigningKey] = {}
        self._loaded_at = float("-inf")
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
        )

    async def issue(
        self,
        *,
        subject: UUID,
        tenant_id: UUID | None,
        session_id: UUID,
        methods: Sequence[str],
        roles: Sequence[str] = (),
        permissions: Sequence[str] = (),
        is_operator: bool = False,
    ) -> str:
        """A new access token; see :class:`Claims`. Roles and permissions are for clients to look at."""
        signing = await self._signing_key()
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(subject),
            "sid": str(session_id),
            "jti": str(uuid7()),
            "iat": now,
            "exp": now + self.lifetime,
            "amr": list(methods),
            "roles": list(roles),
            "permissions": list(permissions),
        }
        if tenant_id is not None:
            claims["tid"] = str(tenant_id)
        if is_operator:
            claims["opr"] = True
        header: Header = {"alg": ALGORITHM, "kid": signing.id, "typ": MEDIA_TYPE}
        return jwt.encode(header, claims, signing.key, algorithms=[ALGORITHM])

    async def verify(self, token: str) -> Claims:
        """What a token says.

        Raises:
            NotSignedIn: it is none of ours, was tampered with, or has expired.
        """
        if len(token) > MAX_TOKEN:
            raise NotSignedIn("The access token is not valid.")
        try:
            signing = await self._key_of(token)
            decoded = jwt.decode(token, signing.key, algorithms=[ALGORITHM])
            if decoded.header.get("typ") != MEDIA_TYPE:
                raise NotSignedIn("The access token is not valid.")
            self._claims.validate(decoded.claims)
            return _read(decoded.claims, signing.id)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise NotSignedIn("The access token is not valid, or has expired: sign in again.") from None

    async def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517), for others who check our tokens."""
        await self._signing_key()
        keys = [
            {**cast("dict[str, Any]", key.key.as_dict(private=False)), "kid": key.id, "use": "sig", "alg": ALGORITHM}
            for key in self._keys.values()
        ]
        return {"keys": keys}

    async def rotate(self, *, compromised: bool = False) -> str:
        """Make a new key and let the old ones retire. Nobody's session ends.

        Args:
            compromised: an old key may be in wrong hands. The new one signs from now on, and what the old ones signed
                counts no more within a second or two; clients then refresh their tokens. Else the new one is published
                for some minutes before it signs, and nobody notices.

        Returns:
            The new key's id.
        """
        delay = 0 if compromised else PUBLISHED_BEFORE
        async with self._identity.unbound() as session:
            await session.execute(_LOCK)
            id = await self._add(session, delay)
            if compromised:
                dropped = list(await session.scalars(_DROP, {"id": id}))
                for old in dropped:
                    await revoke(session, "key", UUID(old))
            else:
                await session.execute(_RETIRE, {"id": id, "delay": delay})
            after = {"compromised": compromised}
            await record(session, "signing_key.rotated", "signing_key", id, after=after, tenant_id=PLATFORM)
        await self._load()
        return id

    async def rotate_older_than(self, age: timedelta) -> bool:
        """Rotate where the newest key is older than this; whether it was."""
        async with self._identity.unbound() as session:
            await session.execute(_LOCK)
            if not (await session.scalars(_IS_DUE, {"age": age})).one():
                return False
            id = await self._add(session, PUBLISHED_BEFORE)
            await session.execute(_RETIRE, {"id": id, "delay": PUBLISHED_BEFORE})
            await record(session, "signing_key.rotated", "signing_key", id, tenant_id=PLATFORM)
        await self._load()
        return True

    async def list_keys(self) -> list[KeyInfo]:
        """The keys of late, the newest first."""
        async with self._identity.unbound() as session:
            return [KeyInfo(**row) for row in (await session.execute(_LIST)).mappings()]

    def holds(self, key_id: str) -> bool:
        """Whether what this key signed still counts."""
        return key_id in self._keys

    def forget(self, key_id: UUID) -> None:
        """Let nothing count any more that a key has signed."""
        self._keys.pop(str(key_id), None)

    async def _signing_key(self) -> _SigningKey:
        if not self._keys or time.monotonic() - self._loaded_at > PUBLISHED_BEFORE / 2:
            await self._load()
        if not self._keys:
            await self._ensure()
        now = time.time()
        active = [key for key in self._keys.values() if key.active_at <= now]
        return active[-1] if active else next(iter(self._keys.values()))

    async def _key_of(self, token: str) -> _SigningKey:
        header = _header(token)
        kid = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(kid, str):
            raise NotSignedIn("The access token is not valid.")
        if kid not in self._keys and time.monotonic() - self._loaded_at > RELOAD_SECONDS:
            await self._load()
        found = self._keys.get(kid)
        if found is None:
            raise NotSignedIn("The access token is not valid, or has expired: sign in again.")
        return found

    async def _load(self) -> None:
        async with self._identity.unbound() as session:
            rows = (await session.execute(_KEYS, {"lifetime": 2 * self.lifetime})).mappings().all()
        keys: dict[str, _SigningKey] = {}
        for row in rows:
            private = self._vault.open(row["private_key"], key_context(row["id"]))
            keys[row["id"]] = _SigningKey(row["id"], OKPKey.import_key(private), row["active_at"])
        self._keys = keys
        self._loaded_at = time.monotonic()

    async def _ensure(self) -> None:
        """The first key of a platform."""
        async with self._identity.unbound() as session:
            await session.execute(_LOCK)
            rows = (await session.execute(_KEYS, {"lifetime": 2 * self.lifetime})).all()
            if not rows:
                await self._add(session, 0)
        await self._load()

    async def _add(self, session: AsyncSession, delay: int) -> str:
        id = str(uuid7())
        key = OKPKey.generate_key("Ed25519")
        await session.execute(
            _ADD,
            {
                "id": id,
                "public": orjson.dumps(key.as_dict(private=False)).decode(),
                "private": self._vault.seal(key.as_pem(private=True), key_context(id)),
                "delay": delay,
            },
        )
        return id


def _header(token: str) -> dict[str, Any]:
    """A compact JWS's header, unchecked."""
    head = token.partition(".")[0]
    return orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))


def _read(claims: dict[str, Any], key_id: str) -> Claims:
    tenant = claims.get("tid")
    return Claims(
        UUID(claims["sub"]),
        None if tenant is None else UUID(tenant),
        UUID(claims["sid"]),
        frozenset(claims.get("amr", ())),
        claims.get("opr") is True,
        float(claims["exp"]),
        key_id,
    )
