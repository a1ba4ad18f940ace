"""What this process knows of tenants' rules and of who may do what, kept fresh by the list of revocations.

Everything is read once and kept; whoever changes it writes a revocation in the same transaction, which every process
reads within a second. So a request costs no query for access control, and a right that was withdrawn is gone within a
second or two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import text

from weftline.features.access.kept import Kept
from weftline.features.access.loading import (
    Person,
    Subject,
    load_member,
    load_person,
    load_rules,
    load_service,
    load_visit,
)
from weftline.features.access.policies.engine import PolicySource
from weftline.features.access.rules import TenantRules
from weftline.features.background import Background
from weftline.features.database import Database

POLL_SECONDS = 1.0
REMEMBERED_SECONDS = 3600.0
"""How long an ended session is remembered: longer than any access token lives."""

_RECENT = text(
    "SELECT kind, subject FROM revocations WHERE created_at > now() - make_interval(secs => :seconds) ORDER BY id"
)
_OVERLAP_SECONDS = 30.0
_PURGE = text("DELETE FROM revocations WHERE created_at < now() - make_interval(secs => :seconds)")


class AccessCache:
    """Rules of tenants, and subjects with their authority.

    Args:
        database: under the API's role.
        identity: under the role that signs people in.
        policies: those that count for a tenant besides its own; see :meth:`forget_rules`.
    """

    def __init__(
        self,
        database: Database,
        identity: Database,
        policies: Callable[[UUID], Sequence[PolicySource]] = lambda _: (),
    ) -> None:
        self._identity = identity
        self._rules: Kept[UUID, TenantRules | None] = Kept(lambda id: load_rules(database, id, policies(id)))
        self._members: Kept[tuple[UUID, UUID], Subject | None] = Kept(self._load_member)
        self._services: Kept[tuple[UUID, UUID], Subject | None] = Kept(self._load_service)
        self._people: Kept[UUID, Person | None] = Kept(lambda id: load_person(identity, id))
        self._visits: Kept[UUID, str | None] = Kept(lambda id: load_visit(identity, id))
        self._ended: dict[UUID, float] = {}
        self._on_key: list[Callable[[UUID], None]] = []
        self._database = database
        self._looked_at: float | None = None
        self._purged_at = 0.0
        self._following = Background("revocations", POLL_SECONDS, self._follow)

    async def rules(self, tenant_id: UUID) -> TenantRules | None:
        """What a tenant decides; None where there is no such tenant."""
        return await self._rules.get(tenant_id)

    async def member(self, tenant_id: UUID, user_id: UUID) -> Subject | None:
        """A member of a tenant; None where they are none (any more), or may not sign in."""
        return await self._members.get((tenant_id, user_id))

    async def service(self, tenant_id: UUID, account_id: UUID) -> Subject | None:
        """A service account; None where there is none, or it is disabled."""
        return await self._services.get((tenant_id, account_id))

    async def person(self, user_id: UUID) -> Person | None:
        """A person, whatever tenants they belong to; None where there is none, or they are disabled."""
        return await self._people.get(user_id)

    async def visit(self, session_id: UUID) -> str | None:
        """Why an operator entered a tenant in this session; None where they did not, or it has ended."""
        return await self._visits.get(session_id)

    def has_ended(self, session_id: UUID) -> bool:
        """Whether a session was ended before its time."""
        return session_id in self._ended

    def on_key(self, forget: Callable[[UUID], None]) -> None:
        """Be told of API keys that were revoked or changed."""
        self._on_key.append(forget)

    def forget_rules(self) -> None:
        """Forget what tenants decide, as policies that count besides their own are others now."""
        self._rules.forget(lambda _: True)

    def forget(self, kind: str, subject: UUID) -> None:
        """Forget what a revocation names."""
        match kind:
            case "session":
                self._ended[subject] = time.monotonic()
            case "user":
                self._members.forget(lambda key: key[1] == subject)
                self._services.forget(lambda key: key[1] == subject)
                self._people.forget(lambda key: key == subject)
            case "tenant":
                self._rules.forget(lambda key: key == subject)
                self._members.forget(lambda key: key[0] == subject)
                self._services.forget(lambda key: key[0] == subject)
            case _:
                for forget in self._on_key:
                    forget(subject)

    async def refresh(self, seconds: float = _OVERLAP_SECONDS) -> None:
        """Forget everything that was revoked in the last so many seconds.

        Raises:
            StoreError: the database does not answer.
        """
        async with self._identity.unbound() as session:
            rows = (await session.execute(_RECENT, {"seconds": seconds})).all()
        for kind, subject in rows:
            self.forget(kind, subject)

    def start(self) -> None:
        """Begin to follow the revocations."""
        self._following.start()

    async def close(self) -> None:
        """Stop following them, and wait for what is being read."""
        await self._following.stop()
        for kept in (self._rules, self._members, self._services, self._people, self._visits):
            await kept.close()

    async def _follow(self) -> int:
        now = time.monotonic()
        # transactions commit later than they write: look back further than the last look
        away = REMEMBERED_SECONDS if self._looked_at is None else now - self._looked_at + _OVERLAP_SECONDS
        await self.refresh(away)
        self._looked_at = now
        if now - self._purged_at > REMEMBERED_SECONDS:
            await self._purge(now)
            self._purged_at = now
        return 0

    async def _purge(self, now: float) -> None:
        self._ended = {id: at for id, at in self._ended.items() if now - at < REMEMBERED_SECONDS}
        async with self._identity.unbound() as session:
            await session.execute(_PURGE, {"seconds": 2 * REMEMBERED_SECONDS})

    async def _load_member(self, key: tuple[UUID, UUID]) -> Subject | None:
        rules = await self.rules(key[0])
        return None if rules is None else await load_member(self._identity, rules, key[1])

    async def _load_service(self, key: tuple[UUID, UUID]) -> Subject | None:
        rules = await self.rules(key[0])
        return None if rules is None else await load_service(self._database, rules, key[1])
