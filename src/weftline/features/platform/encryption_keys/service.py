"""Changing keys while everything runs, a bounded piece at a time.

Each call does one piece and says where the next begins; whoever stops in between just begins again, for what is under
the newest keys already is passed over. First comes what the master key seals itself (keys that sign access tokens,
second factors), then tenant after tenant: its data keys are wrapped anew, and its secret variables, the credentials of
its connections and what it has set for plugins sealed anew where they are under an older data key. Nothing is ever
unreadable: the old value is replaced by the new one in one statement, and older data keys stay.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import select

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database, driver
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.platform.encryption_keys.identity_secrets import IDENTITY_SECRETS, SealedColumn
from weftline.features.platform.encryption_keys.models import TenantKey
from weftline.features.tenancy.models import Tenant
from weftline.store.connections import reseal_connections
from weftline.store.keyring import CannotOpen, Connection, Keyring
from weftline.store.plugins import reseal_plugins
from weftline.store.variables import reseal_secrets
from weftline.store.vault import WrongMasterKey

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 200
"""Secrets that one transaction seals anew."""

TENANTS_AT_ONCE = 25
"""Tenants of one call."""

ORDER = Ordering(
    SortKey("tenantId", TenantKey.tenant_id, UUID),
    tie=SortKey("version", TenantKey.version, int),
    default="tenantId",
)

TENANTS = "tenants"
"""The last stage of a rotation."""


class Place(NamedTuple):
    """How far a rotation has come: the stage, and the id after which it goes on."""

    stage: str
    after: str


@dataclass(slots=True)
class Piece:
    """What one call did.

    Attributes:
        resealed: how many of what are under the newest keys only now.
        unreadable: how many could not be opened, with any key that is known here.
        next: where to go on; None: all is done.
    """

    resealed: dict[str, int] = field(default_factory=dict[str, int])
    unreadable: int = 0
    next: Place | None = None

    def count(self, what: str, number: int) -> None:
        """So many more of something are under the newest keys."""
        self.resealed[what] = self.resealed.get(what, 0) + number


class EncryptionKeys:
    """Shows and changes the keys.

    Args:
        everywhere: under the role that serves every tenant.
        identity: under the role that signs people in.
        keyring: holds the keys.
    """

    def __init__(self, everywhere: Database, identity: Database, keyring: Keyring) -> None:
        self._everywhere = everywhere
        self._identity = identity
        self._keyring = keyring

    @property
    def settles_in(self) -> float:
        """Seconds until a new data key seals."""
        return self._keyring.active_after

    async def list(self, window: Window) -> Sequence[TenantKey]:
        """A part of the data keys of all tenants."""
        # scope: all tenants, because operators of the platform look after every tenant's keys
        statement = window.of(select(TenantKey))
        async with self._everywhere.unbound() as session:
            return (await session.scalars(statement)).all()

    async def rotate(self, place: Place | None, *, tenant_id: UUID | None, new_data_keys: bool) -> Piece:
        """Do the next piece.

        Args:
            place: where the piece before ended; None: begin.
            tenant_id: only this tenant's keys and secrets; None: everything.
            new_data_keys: give each tenant a new data key; it seals after ``settles_in`` seconds.

        Raises:
            MasterKeyError: the master keys cannot be read.
        """
        if place is None:
            self._keyring.vault.reload()
            await self._record(tenant_id, new_data_keys)
        piece = Piece()
        if tenant_id is not None:
            await self._tenant(tenant_id, new_data_keys, piece)
            return piece
        place = place or Place(IDENTITY_SECRETS[0].name, "")
        for number, column in enumerate(IDENTITY_SECRETS):
            if column.name == place.stage:
                last = await self._column(column, place.after, piece)
                following = IDENTITY_SECRETS[number + 1].name if number + 1 < len(IDENTITY_SECRETS) else TENANTS
                piece.next = Place(following, "") if last is None else Place(column.name, last)
                return piece
        await self._tenants(place.after, new_data_keys, piece)
        return piece

    async def _record(self, tenant_id: UUID | None, new_data_keys: bool) -> None:
        async with self._identity.unbound() as session:
            facts = {"tenantId": tenant_id, "newDataKeys": new_data_keys}
            await record(session, "encryption_keys.rotated", "encryption_keys", after=facts, tenant_id=PLATFORM)

    async def _column(self, column: SealedColumn, after: str, piece: Piece) -> str | None:
        """Seal a page of a column anew; returns the last id, or None where that was the last page."""
        async with self._identity.unbound() as session:
            position = column.parse(after) if after else column.first
            rows = (await session.execute(column.page, {"after": position, "limit": ROWS_AT_ONCE})).all()
            for id, sealed in rows:
                try:
                    anew = self._keyring.vault.resealed(sealed, column.context(id))
                except WrongMasterKey as error:
                    piece.unreadable += 1
                    log.error("a secret cannot be sealed anew", error=str(error))
                    continue
                if anew is not None:
                    await session.execute(column.replace, {"id": id, "sealed": sealed, "anew": anew})
                    piece.count(column.name, 1)
        return None if len(rows) < ROWS_AT_ONCE else str(rows[-1][0])

    async def _tenants(self, after: str, new_data_keys: bool, piece: Piece) -> None:
        async with self._everywhere.unbound() as session:
            statement = select(Tenant.id).order_by(Tenant.id).limit(TENANTS_AT_ONCE)
            found = (await session.scalars(statement.where(Tenant.id > UUID(after)) if after else statement)).all()
        for tenant_id in found:
            await self._tenant(tenant_id, new_data_keys, piece)
        if len(found) == TENANTS_AT_ONCE:
            piece.next = Place(TENANTS, str(found[-1]))

    async def _tenant(self, tenant_id: UUID, new_data_keys: bool, piece: Piece) -> None:
        try:
            async with self._everywhere.unbound() as session:
                connection = await driver(session)
                piece.count("dataKeys", await self._keyring.rewrap(connection, tenant_id))
                if new_data_keys:
                    await self._keyring.add_version(connection, tenant_id)
                    piece.count("newDataKeys", 1)
            for what, reseal in _SECRETS.items():
                while await self._resealed(tenant_id, what, reseal, piece) == ROWS_AT_ONCE:
                    pass
        except (WrongMasterKey, CannotOpen) as error:
            piece.unreadable += 1
            log.error("a tenant's secrets cannot be sealed anew", tenant_id=str(tenant_id), error=str(error))

    async def _resealed(self, tenant_id: UUID, what: str, reseal: _Reseal, piece: Piece) -> int:
        async with self._everywhere.unbound() as session:
            done = await reseal(await driver(session), self._keyring, tenant_id, ROWS_AT_ONCE)
        piece.count(what, done)
        return done


_Reseal = Callable[[Connection, Keyring, UUID, int], Awaitable[int]]

_SECRETS: Mapping[str, _Reseal] = {
    "variables": reseal_secrets,
    "connections": reseal_connections,
    "plugins": reseal_plugins,
}
"""What is sealed under tenants' data keys."""
