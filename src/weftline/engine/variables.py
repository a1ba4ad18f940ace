"""The variables of the workflows in hand, kept in memory.

Only workflows whose expressions read ``vars`` are looked after. Each claim asks whether their tenants' variables have
changed, so an execution sees what was set before it started; those in hand see a change within ``POLL_SECONDS``.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
import structlog

from weftline.authoring.context import Tenant
from weftline.engine.loop import Loop
from weftline.model.secrets import label
from weftline.store.errors import translated
from weftline.store.keyring import Connection, Keyring
from weftline.store.variables import VariableSet, load_variables, system_values, variable_numbers
from weftline.store.vault import WrongMasterKey

if TYPE_CHECKING:
    from _collections_abc import dict_items

    from weftline.engine.run import Run

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""Between looks for changes of variables that executions in hand read."""

KEPT, KEPT_SECONDS = 1_000, 60.0
"""Workflows whose variables stay in memory while no execution in hand reads them, and for how long."""

Key = tuple[UUID, str]
"""Tenant, workflow."""


class Held:
    """A workflow's variables as they are now, shared by its executions in hand.

    Attributes:
        current: the newest that were loaded.
        system: those that every tenant has.
        used_at: when a run was given them last, by the monotonic clock.
    """

    __slots__ = ("__weakref__", "current", "system", "used_at")

    def __init__(self, current: VariableSet, system: dict[str, str]) -> None:
        self.current = current
        self.system = system
        self.used_at = time.monotonic()


class VariableViews(dict[str, Any]):
    """``vars``: what expressions see of the variables, each made when it is asked for.

    Args:
        held: the variables.
        execution_id: whose expressions; None: secrets are labels. Else a secret that is named outright is its marker.
    """

    def __init__(self, held: Held, execution_id: str | None) -> None:
        super().__init__()
        self._held = held
        self._execution_id = execution_id

    def __missing__(self, name: str) -> Any:
        variables = self._held.current
        if name in variables.sealed:
            return label(name) if self._execution_id is None else variables.marker(name, self._execution_id)
        return self._held.system[name] if name in self._held.system else variables.values[name]

    def __contains__(self, name: object) -> bool:
        variables = self._held.current
        return name in self._held.system or name in variables.values or name in variables.sealed

    def items(self) -> dict_items[str, Any]:
        """All of them. Secrets are labels: only one that is named outright can reach an action."""
        variables = self._held.current
        secrets = {name: label(name) for name in variables.sealed}
        return {**variables.values, **secrets, **self._held.system}.items()


class Variables(Loop):
    """Loads variables, and keeps up with changes.

    Args:
        pool: the worker's connections.
        keyring: opens secrets.
        platform_url: where people reach the platform.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], keyring: Keyring, platform_url: str) -> None:
        super().__init__("variables", POLL_SECONDS)
        self._pool = pool
        self._keyring = keyring
        self._platform_url = platform_url
        self._held: WeakValueDictionary[Key, Held] = WeakValueDictionary()
        self._recent: OrderedDict[Key, Held] = OrderedDict()

    async def supply(self, connection: Connection, runs: Sequence[Run]) -> list[Run]:
        """Give runs their variables as they are now; returns those whose secrets cannot be opened here.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        numbers = await variable_numbers(connection, list({run.tenant.id for run in runs}))
        failed: list[Run] = []
        for run in runs:
            try:
                number = numbers.get(run.tenant.id, 0)
                run.facts.variables = await self._get(connection, run.tenant, run.workflow_id, number)
            except WrongMasterKey as error:
                log.error("variables cannot be opened", tenant=run.tenant.slug, error=str(error))
                failed.append(run)
        return failed

    async def of(self, run: Run) -> VariableSet:
        """A run's variables, whether its program reads any or not.

        Raises:
            WrongMasterKey: the tenant's keys were wrapped by a master key that is not known here.
            StoreUnavailable: the database does not answer.
        """
        held = run.facts.variables
        if held is None:
            with translated():
                async with self._pool.acquire() as connection:
                    numbers = await variable_numbers(connection, [run.tenant.id])
                    number = numbers.get(run.tenant.id, 0)
                    held = run.facts.variables = await self._get(connection, run.tenant, run.workflow_id, number)
        return held.current

    async def run_once(self) -> int:
        """Keep up with the variables of executions in hand, and with their tenants' keys; always 0."""
        long_ago = time.monotonic() - KEPT_SECONDS
        while self._recent and next(iter(self._recent.values())).used_at < long_ago:
            self._recent.popitem(last=False)
        known = list(self._held.items())
        # keys are in use for encrypted executions, too
        if known or self._keyring.is_stale:
            with translated():
                async with self._pool.acquire() as connection:
                    await self._keep_up(connection, known)
        return 0

    async def _keep_up(self, connection: Connection, known: list[tuple[Key, Held]]) -> None:
        """Load again what has changed."""
        try:
            await self._keyring.refresh(connection)
        except WrongMasterKey as error:
            log.error("keys cannot be opened", error=str(error))
        numbers = await variable_numbers(connection, list({tenant_id for (tenant_id, _), _ in known}))
        for (tenant_id, workflow_id), held in known:
            if numbers.get(tenant_id, 0) != held.current.number:
                try:
                    held.current = await load_variables(connection, self._keyring, tenant_id, workflow_id)
                except WrongMasterKey as error:
                    log.error("variables cannot be opened", tenant_id=str(tenant_id), error=str(error))

    async def _get(self, connection: Connection, tenant: Tenant, workflow_id: str, number: int) -> Held:
        """The variables as they are at the tenant's ``number``, or later."""
        key = (tenant.id, workflow_id)
        held = self._held.get(key)
        if held is None or held.current.number != number:
            current = await load_variables(connection, self._keyring, tenant.id, workflow_id)
            if held is None:
                system = system_values(tenant.id, tenant.slug, self._platform_url)
                held = self._held[key] = Held(current, system)
            else:
                held.current = current
        held.used_at = time.monotonic()
        self._recent[key] = held
        self._recent.move_to_end(key)
        if len(self._recent) > KEPT:
            self._recent.popitem(last=False)
        return held
