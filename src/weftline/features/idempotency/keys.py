"""What is remembered of requests that came with an idempotency key.

A key belongs to one caller in one tenant. Under it, one request is carried out once: whoever sends the same request
again gets the first one's answer, and waits for it where that is still under way. Everything of the request and its
answer is sealed under the tenant's key: an answer may hold a secret that is shown once.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
import structlog

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM
from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.features.idempotency.errors import (
    IdempotencyInProgress,
    IdempotencyKeyReused,
    IdempotencyOutcomeUnknown,
)
from weftline.store import idempotency as store
from weftline.store.errors import StoreError
from weftline.store.idempotency import Act, KeyId
from weftline.store.keyring import Keyring, TenantCipher
from weftline.store.vault import Vault

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)

LEASE_SECONDS = 6.0
"""For how long a request counts as under way when its process gives no sign of life."""

RENEW_SECONDS = 2.0
PATIENCE = 10.0
"""Seconds that a request waits for the answer of the first one under its key."""

FIRST_LOOK, LAST_LOOK, GROWTH = 0.01, 0.25, 1.5
CLEAR_SECONDS = 300.0
BATCH = 1000
"""Rows that one statement removes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request was answered.

    Attributes:
        status: the HTTP status.
        headers: the answer's own, as text.
        body: the bytes.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_granted(self) -> bool:
        """Whether what was asked for was done."""
        return self.status < 400

    @property
    def is_final(self) -> bool:
        """Whether the same request would be answered like this again: no fault of the server's, and no 'not now'."""
        return self.status < 500 and self.status != 429


class IdempotencyKeys:
    """Remembers acts under keys.

    Args:
        database: where they are.
        identity: the same, under a role that sees every tenant.
        keyring: the tenants' keys.
        hours: for how long a key is remembered.
    """

    def __init__(self, database: Database, identity: Database, keyring: Keyring, *, hours: float) -> None:
        self._database = database
        self._identity = identity
        self._keyring = keyring
        self._keep = hours * 3600
        self._open: set[Act] = set()
        self._renewing = Background("idempotency leases", RENEW_SECONDS, self._renew)
        self._clearing = Background("idempotency keys", CLEAR_SECONDS, self.remove_expired)

    def start(self) -> None:
        """Let requests that take long count as under way, and forget keys that have expired."""
        self._renewing.start()
        self._clearing.start()

    async def stop(self) -> None:
        """End both."""
        await self._renewing.stop()
        await self._clearing.stop()

    async def begin(self, caller: Caller, key: str, request: bytes) -> Act | Answer:
        """Begin an act; where it was made before, its answer.

        Args:
            caller: who asks.
            key: the key.
            request: a digest of what is asked for.

        Raises:
            IdempotencyKeyReused: the key was used for another request.
            IdempotencyInProgress: the first request is still under way, for longer than anybody should wait.
            IdempotencyOutcomeUnknown: it took effect, and nobody knows its answer.
            StoreUnavailable: the database does not answer.
        """
        id = KeyId(caller.tenant_id, f"{caller.kind}:{caller.id or caller.name}", key)
        loop = asyncio.get_running_loop()
        deadline, interval = loop.time() + PATIENCE, FIRST_LOOK
        while True:
            found = await self._begin_or_look(id, request)
            if found is not None:
                return found
            if loop.time() > deadline:
                raise IdempotencyInProgress
            await asyncio.sleep(interval)
            interval = min(interval * GROWTH, LAST_LOOK)

    async def close(self, act: Act, answer: Answer | None) -> None:
        """Remember how an act was answered, or forget it where nothing has changed and nothing was granted.

        Args:
            act: what :meth:`begin` began.
            answer: how it was answered; None where it was not.
        """
        self._open.discard(act)
        try:
            async with self._database.transaction(act.id.tenant_id) as session:
                connection = await driver(session)
                if answer is None or not answer.is_final:
                    await store.give_up(connection, act)
                    return
                cipher = await self._cipher(session, act.id.tenant_id)
                keep = store.finish if answer.is_granted else store.refuse
                await keep(connection, act, cipher.seal(_packed(answer), _place(act.id, "answer")))
        except StoreError as error:
            # whoever waits for the answer gets it all the same; who asks again learns that it is lost
            log.warning("an answer could not be kept for its idempotency key", error=str(error))

    async def remove_expired(self) -> int:
        """Forget keys that have expired; returns how many.

        Raises:
            StoreError: the database cannot be used.
        """
        async with self._identity.unbound() as session:
            return await store.remove_expired(await driver(session), BATCH)

    async def _begin_or_look(self, id: KeyId, request: bytes) -> Act | Answer | None:
        """The act, begun; else its answer; None while another makes it."""
        act = Act(id)
        async with self._database.transaction(id.tenant_id) as session:
            connection = await driver(session)
            cipher = await self._cipher(session, id.tenant_id)
            found = await store.look(connection, id)
            if found is None or found.is_void:
                sealed = cipher.seal(request, _place(id, "request"))
                if not await store.begin(connection, act, sealed, lease=LEASE_SECONDS, keep=self._keep):
                    return None
        if found is None or found.is_void:
            self._open.add(act)
            return act
        if not hmac.compare_digest(cipher.open(found.request, _place(id, "request")), request):
            raise IdempotencyKeyReused
        if found.answer is not None:
            return _unpacked(cipher.open(found.answer, _place(id, "answer")))
        if not found.is_alive:
            raise IdempotencyOutcomeUnknown
        return None

    async def _cipher(self, session: AsyncSession, tenant_id: UUID) -> TenantCipher | Vault:
        if tenant_id == PLATFORM:
            return self._keyring.vault
        return await self._keyring.cipher(await driver(session), tenant_id)

    async def _renew(self) -> int:
        acts = list(self._open)
        if acts:
            async with self._identity.unbound() as session:
                await store.renew(await driver(session), acts, LEASE_SECONDS)
        # sleeps in any case
        return 0


def _place(id: KeyId, what: str) -> str:
    return f"{what} under idempotency key {id.key} of {id.caller}"


def _packed(answer: Answer) -> bytes:
    return orjson.dumps([answer.status, answer.headers]) + b"\n" + answer.body


def _unpacked(packed: bytes) -> Answer:
    head, _, body = packed.partition(b"\n")
    status, headers = orjson.loads(head)
    return Answer(status, tuple((name, value) for name, value in headers), body)
