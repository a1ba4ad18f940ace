"""Connections to integrations in a worker: found, opened, guarded, and kept open while they are used.

What is known of a connection stays in memory, with the pools that its actions open. Every second the worker looks
whether something has changed, so that a change is noticed by then; where credentials are refused, or a connection may
not be used, it looks before it believes that. Nothing of this costs a worker anything whose steps use no connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from weftline.authoring.errors import ActionError
from weftline.engine.connection import DISABLED, WorkerConnection
from weftline.engine.connection_uses import ConnectionUses
from weftline.engine.guard import CIRCUIT_OPEN, Guard, HeldBack, Outcome, outcome_of
from weftline.engine.loop import Loop
from weftline.engine.token_renewals import TokenRenewals
from weftline.store.connections import (
    StoredConnection,
    breakers,
    connection_numbers,
    find_connections,
    load_connection,
    note_wait,
    opened_credentials,
    refuse_connection,
    wake_waiting,
)
from weftline.store.errors import StoreUnavailable
from weftline.store.hints import hint_work
from weftline.store.keyring import CannotOpen, Keyring
from weftline.store.keyring import Connection as Database
from weftline.store.vault import WrongMasterKey

if TYPE_CHECKING:
    from weftline.authoring.action import ActionDefinition
    from weftline.authoring.integrations import Auth, OpenedConnection
    from weftline.engine.borrowing import Borrower
    from weftline.engine.clock import Clock
    from weftline.engine.link import Link

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""Between looks for changes of connections that are in memory."""

IDLE_SECONDS = 300.0
"""How long what a connection keeps open stays so while nobody uses it."""

MAX_NAMES = 10_000
"""Names whose connections are known, at most."""

NOWHERE = UUID(int=0)
"""The id of what is used without a connection."""

MAX_SAID = 500
"""Characters of what is kept of an error."""


class Connections(Loop):
    """The connections that this worker uses.

    Args:
        link: to the database; its own, as actions may hold all of the worker's others.
        keyring: opens credentials.
        clock: decides what is due.
    """

    def __init__(self, link: Link, keyring: Keyring, clock: Clock) -> None:
        super().__init__("connections", POLL_SECONDS)
        self._link = link
        self._keyring = keyring
        self._clock = clock
        self._turn = asyncio.Lock()
        self._finding = asyncio.Lock()
        self._numbers: dict[UUID, int] = {}
        self._names: dict[tuple[UUID, str | None, str | None, UUID | None], UUID] = {}
        self._known: dict[UUID, WorkerConnection] = {}
        self._actions: dict[tuple[UUID, str], ActionDefinition] = {}
        self._leaving: list[WorkerConnection] = []
        self._uses = ConnectionUses(clock)
        self._tokens = TokenRenewals(self._database, keyring, clock, self._reload)

    # --- for attempts -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def use(
        self, attempt: Borrower, integration: str | None, is_needed: bool
    ) -> AsyncGenerator[OpenedConnection]:
        """The connection that an attempt's step, or a trigger, names; see ``Context.connected``."""
        known = await self._find(attempt.tenant_id, integration, attempt.connection, attempt.person)
        if known is None:
            async with self._bare(attempt.tenant_id, integration, attempt.connection, is_needed) as bare:
                yield bare
            return
        known = await self._noted(attempt, known, self._ready(known))
        attempt.policy = known.guard.limits.retry
        is_trial = await self._noted(attempt, known, known.guard.enter(is_lasting=attempt.is_lasting))
        attempt.learn(known.secrets, known.masker)
        outcome, said = Outcome.UNKNOWN, ""
        current, entered = known, known

        async def renew() -> Mapping[str, Any]:
            nonlocal current
            current = await self._tokens.after_refusal(current)
            attempt.learn(current.secrets, current.masker)
            return current.credentials

        entered.users += 1
        self._uses.note(attempt.tenant_id, entered.stored.id, attempt)
        try:
            yield known.opened(renew)
            outcome = Outcome.GOOD
        except ActionError as error:
            outcome, said = outcome_of(error), current.masker.text(error.message)[:MAX_SAID]
            held = await self._held(attempt, current, error)
            if held is None:
                raise
            raise held from None
        except BaseException as error:
            outcome, said = outcome_of(error), type(error).__name__
            if attempt.has_timed_out:
                outcome, said = Outcome.BAD, "the attempt did not end within its timeout"
            raise
        finally:
            entered.users -= 1
            entered.used_at = time.monotonic()
            if attempt.is_lasting:
                self._uses.note(attempt.tenant_id, entered.stored.id, attempt)
            await self._leave(entered, outcome, said, is_trial=is_trial, is_lasting=attempt.is_lasting)

    def is_current(self, connection: OpenedConnection) -> bool:
        """Whether a connection that somebody keeps using is still what its owner wants it to be, as far as is known."""
        known = self._known.get(connection.id)
        if known is None or known.resources is not connection.resources:
            return connection.id == NOWHERE
        return known.obstacle is None

    async def action(self, tenant_id: UUID, name: str) -> ActionDefinition | None:
        """An action of an integration that the tenant has imported, or None.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        found = self._actions.get((tenant_id, name))
        if found is not None or "." not in name:
            return found
        from weftline.authoring.integrations.operation import operation_action
        from weftline.store.integrations import imported_action

        async with self._finding, self._database() as database:
            await self._follow(database, tenant_id)
            its = await imported_action(database, tenant_id, name)
        if its is None:
            return None
        found = operation_action(
            its.integration.name,
            its.name,
            its.operation,
            its.input,
            its.output,
            title=its.title,
            description=its.description,
            needs_connection=its.integration.needs_connection,
        )
        if len(self._actions) >= MAX_NAMES:
            self._actions.clear()
        self._actions[tenant_id, name] = found
        return found

    # --- finding ------------------------------------------------------------------------------------------------------

    async def _find(
        self, tenant_id: UUID, integration: str | None, name: str | None, person: UUID | None
    ) -> WorkerConnection | None:
        key = (tenant_id, integration, name, person)
        known = self._known.get(self._names[key]) if key in self._names else None
        if known is not None:
            return known
        # of many that want the same one, the first one looks
        async with self._finding:
            if key in self._names and (known := self._known.get(self._names[key])) is not None:
                return known
            async with self._database() as database:
                await self._follow(database, tenant_id)
                found = await find_connections(database, tenant_id, integration, name, person)
                if len(found) > 1:
                    message = f"there are several connections to '{integration}', and none is the usual one; name one"
                    raise ActionError(message, code="unknown_connection", retryable=False)
                known = await self._open(database, tenant_id, found[0]) if found else None
            if known is not None:
                if len(self._names) >= MAX_NAMES:
                    self._names.clear()
                self._names[key] = known.stored.id
            return known

    @asynccontextmanager
    async def _bare(
        self, tenant_id: UUID, integration: str | None, name: str | None, is_needed: bool
    ) -> AsyncGenerator[OpenedConnection]:
        """What an action gets whose step names no connection."""
        to = "" if integration is None else f" to '{integration}'"
        if name is not None:
            message = f"there is no connection '{name}'{to}"
            raise ActionError(message, code="unknown_connection", retryable=False)
        if is_needed or integration is None:
            message = f"there is no connection{to}: connect it, or name one"
            raise ActionError(message, code="unknown_connection", retryable=False)
        from weftline.authoring.builtin.http import http_settings
        from weftline.authoring.integrations import NO_AUTH, OpenedConnection

        async with self._database() as database:
            _, base_url, config = await self._definition(database, tenant_id, integration, "NONE", {})
        opened = OpenedConnection(
            id=NOWHERE,
            name="",
            integration=integration,
            auth=NO_AUTH,
            config=config,
            base_url=base_url,
            settings=http_settings(),
        )
        try:
            yield opened
        finally:
            await opened.resources.close()

    async def _open(self, database: Database, tenant_id: UUID, stored: StoredConnection) -> WorkerConnection:
        """What is known of a connection, brought up to date."""
        old = self._known.get(stored.id)
        if old is not None:
            old.guard.see(stored.breaker)
            if replace(old.stored, breaker=stored.breaker) == stored:
                return old
        auth, base_url, config = await self._definition(
            database, tenant_id, stored.integration, stored.auth_type, stored.config
        )
        try:
            credentials = opened_credentials(await self._keyring.cipher(database, tenant_id), stored)
        except (CannotOpen, WrongMasterKey) as error:
            log.error(
                "a connection cannot be opened", tenant_id=str(tenant_id), connection=stored.name, error=str(error)
            )
            message = f"the credentials of the connection '{stored.name}' cannot be opened here; enter them again"
            raise ActionError(message, code="invalid_connection") from None
        keeps_guard = old is not None and old.stored.limits == stored.limits
        guard = old.guard if keeps_guard and old is not None else Guard(self._database, self._clock, tenant_id, stored)
        known = self._known[stored.id] = WorkerConnection(tenant_id, stored, auth, base_url, config, credentials, guard)
        if old is not None:
            if _only_tokens_differ(old.stored, stored):
                # pools go on; each call signs in by itself
                known.resources, known.used_at = old.resources, old.used_at
            else:
                self._leaving.append(old)
        return known

    async def _definition(
        self, database: Database, tenant_id: UUID, integration: str, auth_type: str, config: Mapping[str, Any]
    ) -> tuple[Auth, str | None, Mapping[str, Any]]:
        """How a connection signs in, below which address, and with which configuration."""
        from weftline.authoring.integrations import completed, integrations
        from weftline.store.integrations import imported_integration

        its = integrations.get(integration) or await imported_integration(database, tenant_id, integration)
        if its is None:
            message = f"there is no integration '{integration}' here: this worker lacks its module"
            raise ActionError(message, code="unknown_connection")
        from weftline.authoring.integrations import NO_AUTH

        try:
            auth = NO_AUTH if auth_type == "NONE" else its.auth_of(auth_type)
        except LookupError as error:
            raise ActionError(str(error), code="invalid_connection", retryable=False) from None
        return auth, its.base_url, completed(its.config, config)

    async def _reload(self, known: WorkerConnection) -> WorkerConnection:
        """A connection as it is now.

        Raises:
            ActionError: it is gone.
        """
        async with self._database() as database:
            stored = await load_connection(database, known.tenant_id, known.stored.id)
            if stored is not None:
                return await self._open(database, known.tenant_id, stored)
        raise ActionError(
            f"there is no connection '{known.stored.name}' any more", code="unknown_connection", retryable=False
        )

    # --- what keeps it from being used --------------------------------------------------------------------------------

    async def _ready(self, known: WorkerConnection) -> WorkerConnection:
        """The connection with all that it takes to use it.

        Raises:
            HeldBack: somebody has to see to it first.
        """
        if known.obstacle is not None:
            # it may have been removed a moment ago
            known = await self._reload(known)
            if (obstacle := known.obstacle) is not None:
                code, message = obstacle
                raise known.error(HeldBack, code, f"the connection '{known.stored.name}' {message}")
        return await self._tokens.renewed(known) if self._tokens.is_due(known) else known

    async def _noted(self, attempt: Borrower, known: WorkerConnection, step: Awaitable[Any]) -> Any:
        """Go on towards using a connection; where that is held back, see to it that it is told when it may go on."""
        try:
            return await step
        except ActionError as error:
            held = await self._held(attempt, known, error)
            if held is None:
                raise
            raise held from None

    async def _held(self, attempt: Borrower, known: WorkerConnection, error: ActionError) -> ActionError | None:
        """What holds a step back, from the error that its use of a connection ended with; None where it has failed."""
        from weftline.authoring.integrations.opened import RATE_LIMITED, UNAUTHORIZED

        if isinstance(error, HeldBack):
            held = error
        elif error.code == RATE_LIMITED:
            known.guard.pause(error.retry_after)
            return known.error(
                HeldBack, RATE_LIMITED, error.message, retry_after=error.retry_after, details=error.details
            )
        elif error.code == UNAUTHORIZED:
            held = known.error(HeldBack, UNAUTHORIZED, error.message, details=error.details)
            async with self._database() as database:
                await refuse_connection(database, known.tenant_id, known.stored, held.message)
            await self._reload(known)
        else:
            return None
        if held.code in (UNAUTHORIZED, CIRCUIT_OPEN, DISABLED) and attempt.execution_id is not None:
            async with self._database() as database:
                await note_wait(database, known.tenant_id, known.stored.id, attempt.execution_id)
            # whoever let the others go on before it was noted has not told this one
            fresh = await self._reload(known)
            if fresh.obstacle is None and fresh.guard.breaker.state == "CLOSED":
                held.retry_after = 0.0
        return held

    async def _leave(
        self, known: WorkerConnection, outcome: Outcome, said: str, *, is_trial: bool, is_lasting: bool
    ) -> None:
        try:
            if await known.guard.leave(outcome, said, is_trial=is_trial, is_lasting=is_lasting):
                async with self._database() as database:
                    async with database.transaction():
                        await wake_waiting(database, known.tenant_id, known.stored.id, self._clock.now())
                    await hint_work(database)
        except StoreUnavailable as error:
            # what the action came to counts more than what others learn of it
            log.warning("the end of a connection's use could not be told", error=str(error))

    # --- keeping up ---------------------------------------------------------------------------------------------------

    async def run_once(self) -> int:
        """Keep up with what has changed, and close what nobody uses; always 0."""
        if self._numbers:
            async with self._database() as database:
                await self._uses.tell(database)
                numbers = await connection_numbers(database, list(self._numbers))
                for tenant_id, number in list(self._numbers.items()):
                    if numbers.get(tenant_id, 0) != number:
                        await self._catch_up(database, tenant_id, numbers.get(tenant_id, 0))
                for id, breaker in (await breakers(database, list(self._known)) if self._known else {}).items():
                    if id in self._known:
                        self._known[id].guard.see(breaker)
        long_ago = time.monotonic() - IDLE_SECONDS
        for id, known in list(self._known.items()):
            if not known.users and known.used_at < long_ago:
                del self._known[id]
                self._leaving.append(known)
        leaving, self._leaving = self._leaving, []
        for known in leaving:
            if known.users:
                self._leaving.append(known)
            else:
                await known.close()
        if not self._finding.locked():
            self._forget_tenants()
        return 0

    async def close(self) -> None:
        """Close everything."""
        if not self._uses.is_empty:
            try:
                async with self._database() as database:
                    await self._uses.tell(database, is_last=True)
            except (StoreUnavailable, OSError) as error:
                log.warning("the last uses of connections could not be told", error=str(error))
        await self._tokens.close()
        for known in (*self._known.values(), *self._leaving):
            await known.close()
        self._known.clear()
        self._leaving.clear()

    async def _follow(self, database: Database, tenant_id: UUID) -> None:
        """From here on, notice when something of a tenant's changes."""
        if tenant_id not in self._numbers:
            self._numbers[tenant_id] = (await connection_numbers(database, [tenant_id])).get(tenant_id, 0)

    async def _catch_up(self, database: Database, tenant_id: UUID, number: int) -> None:
        self._names = {key: id for key, id in self._names.items() if key[0] != tenant_id}
        self._actions = {key: action for key, action in self._actions.items() if key[0] != tenant_id}
        for id, known in list(self._known.items()):
            if known.tenant_id == tenant_id:
                stored = await load_connection(database, tenant_id, id)
                if stored is None:
                    self._leaving.append(self._known.pop(id))
                    continue
                try:
                    await self._open(database, tenant_id, stored)
                except ActionError:
                    # whoever uses it next is told
                    self._leaving.append(self._known.pop(id))
        self._numbers[tenant_id] = number

    def _forget_tenants(self) -> None:
        """Follow only those of whom something is in memory."""
        needed = {known.tenant_id for known in self._known.values()} | {tenant_id for tenant_id, _ in self._actions}
        self._numbers = {tenant_id: number for tenant_id, number in self._numbers.items() if tenant_id in needed}
        self._names = {key: id for key, id in self._names.items() if id in self._known}

    @asynccontextmanager
    async def _database(self) -> AsyncGenerator[Database]:
        async with self._turn:
            yield await self._link.get()


def _only_tokens_differ(old: StoredConnection, new: StoredConnection) -> bool:
    return (old.auth_type, old.config, old.sealed, old.integration) == (
        new.auth_type,
        new.config,
        new.sealed,
        new.integration,
    )
