"""Asking the ways to sign in that plugins add who somebody is.

They are asked where a password is none of the platform's own, so that nothing that goes wrong with them keeps anybody
out who has one. All of a tenant's are asked at once, each for a bounded time; one that cannot answer leaves the others
their say. Refusals take at least a second, so that it is hard to tell from the time whom a directory knows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import text

from weftline.authoring.plugin import AuthProvider, Identity, PasswordAttempt
from weftline.authoring.plugin.registry import plugin_of
from weftline.features.database import Database
from weftline.features.identity.addresses import InvalidAddress, checked_address
from weftline.features.identity.errors import SignInUnavailable
from weftline.features.plugins.faults import note_fault
from weftline.features.tenancy.repository import find
from weftline.features.tenancy.resolution import TenantHint
from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 10.0
"""That a provider may take."""

REFUSAL_SECONDS = 1.0
"""That a refusal takes at least."""

AT_ONCE = 32
"""Questions that one provider is asked at a time; those that hang must not pile up."""

MAX_SUBJECT, MAX_NAME = 255, 200

# whoever names none means the only one, if there is only one
_ONLY = text("SELECT id FROM tenants WHERE status = 'active' ORDER BY id LIMIT 2")


class Providers(Protocol):
    """Knows the ways to sign in that plugins add."""

    def has_auth_providers(self) -> bool:
        """Whether there are any, in whatever tenant."""
        ...

    def auth_providers(self, tenant_id: UUID) -> Sequence[AuthProvider]:
        """Those of a tenant."""
        ...


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who somebody is, says a provider.

    Attributes:
        tenant_id: in which tenant.
        provider: its name.
        login: what they gave.
        identity: who they are; its address is in the form in which addresses are stored.
    """

    tenant_id: UUID
    provider: str
    login: str
    identity: Identity


class _Failed(Exception):
    """A provider did not answer; the message says why, and nothing that somebody entered."""


class Vouching:
    """Asks providers.

    Args:
        identity: under the role that signs people in.
        providers: knows them.
    """

    def __init__(self, identity: Database, providers: Providers) -> None:
        self._identity = identity
        self._providers = providers
        self._asked: Counter[str] = Counter()

    async def ask(self, hint: TenantHint | None, login: str, password: str) -> Vouched | None:
        """Who gave a name and a password; None where no provider knows them, or there is none.

        Args:
            hint: the tenant that they want to sign in to; None: the only one there is.
            login, password: what they gave.

        Raises:
            SignInUnavailable: nobody knows them, and not everybody has answered.
        """
        if not self._providers.has_auth_providers():
            return None
        tenant_id = await self._tenant(hint)
        return None if tenant_id is None else await self.ask_in(tenant_id, login, password)

    async def ask_in(self, tenant_id: UUID, login: str, password: str, provider: str | None = None) -> Vouched | None:
        """The same in a tenant.

        Args:
            tenant_id: which.
            login, password: see :meth:`ask`.
            provider: ask this one only.
        """
        asked = [each for each in self._providers.auth_providers(tenant_id) if provider in (None, each.name)]
        if not asked:
            return None
        earliest = asyncio.get_running_loop().time() + REFUSAL_SECONDS
        attempt = PasswordAttempt(tenant_id, login, password)
        answers = await asyncio.gather(*(self._answer(each, attempt) for each in asked))
        for each, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Identity):
                return Vouched(tenant_id, each.name, login, answer)
        await asyncio.sleep(earliest - asyncio.get_running_loop().time())
        if any(isinstance(answer, _Failed) for answer in answers):
            raise SignInUnavailable
        return None

    async def _tenant(self, hint: TenantHint | None) -> UUID | None:
        async with self._identity.unbound() as session:
            if hint is None:
                ids = list(await session.scalars(_ONLY))
                return ids[0] if len(ids) == 1 else None
            tenant = await find(session, hint.value)
        return tenant.id if tenant is not None and tenant.status == "active" else None

    async def _answer(self, provider: AuthProvider, attempt: PasswordAttempt) -> Identity | _Failed | None:
        try:
            return _checked(await self._bounded(provider, attempt))
        except _Failed as failed:
            plugin_id, part = plugin_of(provider.name), f"auth provider {provider.name}"
            log.warning("auth provider failed", plugin=plugin_id, provider=provider.name, error=str(failed))
            try:
                async with self._identity.unbound() as session:
                    await note_fault(session, attempt.tenant_id, plugin_id, part, str(failed))
            except StoreError as error:
                log.warning("fault of a plugin not noted", plugin=plugin_id, error=str(error))
            return failed

    async def _bounded(self, provider: AuthProvider, attempt: PasswordAttempt) -> object:
        """What a provider answers in time. It is not waited for longer, even where it ignores that it is cancelled."""
        if self._asked[provider.name] >= AT_ONCE:
            raise _Failed(f"{AT_ONCE} questions wait for an answer already")

        async def authenticate() -> object:
            return await provider.authenticate(attempt)

        self._asked[provider.name] += 1
        task = asyncio.create_task(authenticate(), name=f"auth provider {provider.name}")
        task.add_done_callback(lambda task: self._ended(provider.name, task))
        try:
            done, _ = await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)
        finally:
            task.cancel()
        if not done:
            raise _Failed(f"no answer within {TIMEOUT_SECONDS:g} s")
        if task.cancelled():
            raise _Failed("it was cancelled")
        error = task.exception()
        if error is not None:
            # its message may hold what somebody entered
            raise _Failed(f"it raised {type(error).__name__}")
        return task.result()

    def _ended(self, provider: str, task: asyncio.Task[object]) -> None:
        self._asked[provider] -= 1
        if not task.cancelled():
            # what it raised after its time was up is nobody's any more
            task.exception()


def _checked(answer: object) -> Identity | None:
    """An answer that can be used.

    Raises:
        _Failed: it cannot.
    """
    if answer is None:
        return None
    if not isinstance(answer, Identity):
        raise _Failed(f"it answered with {type(answer).__name__}, which is no Identity")
    for value, bound, name in ((answer.subject, MAX_SUBJECT, "subject"), (answer.name, MAX_NAME, "name")):
        if not isinstance(value, str) or not 1 <= len(value) <= bound or not value.isprintable():  # pyright: ignore[reportUnnecessaryIsInstance] - a plugin's
            raise _Failed(f"its answer's {name} is not one line of 1 to {bound} characters")
    try:
        email = checked_address(answer.email)
    except (InvalidAddress, TypeError, AttributeError):
        raise _Failed("its answer's email is no address") from None
    return Identity(subject=answer.subject, email=email, name=answer.name, joins_with=answer.joins_with)
