"""What an action gets, and what it may return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from weftline.authoring.surroundings import AuditNote, Metrics, RequestInfo, Surroundings
from weftline.model.cause import Cause

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    import asyncpg
    from structlog.typing import FilteringBoundLogger

    from weftline.authoring.integrations.opened import OpenedConnection


@dataclass(frozen=True, slots=True)
class Tenant:
    """The tenant that a step runs for."""

    id: UUID
    slug: str


class StepHost(Protocol):
    """The engine's side of a context."""

    def snapshot_data(self) -> dict[str, Any]:
        """A copy of the execution's shared data."""
        ...

    def snapshot_input(self) -> dict[str, Any]:
        """A copy of the execution's input."""
        ...

    def heartbeat(self) -> None:
        """See :meth:`Context.heartbeat`."""
        ...

    async def join_transaction(self) -> asyncpg.Connection:
        """See :meth:`Context.transaction`."""
        ...

    @property
    def surroundings(self) -> Surroundings:
        """What belongs to the step beside its input and its result; made when it is asked for first."""
        ...

    @property
    def cause(self) -> Cause | None:
        """The request that the execution goes back to, where it is known here."""
        ...

    @property
    def is_encrypted(self) -> bool:
        """See :attr:`Context.data_encryption`."""
        ...

    async def tenant_configuration(self) -> dict[str, Any]:
        """See :meth:`Context.tenant_config`."""
        ...

    async def secret(self, name: str) -> str:
        """See :meth:`Context.secret`."""
        ...

    @property
    def connection(self) -> str | None:
        """See :attr:`Context.connection`."""
        ...

    def connected(self, integration: str | None, is_needed: bool) -> AbstractAsyncContextManager[OpenedConnection]:
        """See :meth:`Context.connected`."""
        ...


class Context:
    """One attempt of one step, as its action sees it.

    What is said of request, user and metadata is what whoever started the execution said: an application that runs a
    workflow on behalf of its own users, as a rule.

    Attributes:
        input: the step's input: what the definition's ``input`` maps, or the shared data where it maps nothing.
        attempt: number of this attempt, from 1.
        idempotency_key: the same for every attempt of this step; send it to other systems so that they can drop
            repetitions.
        tenant: whom the step runs for.
        execution_id, workflow_id, step_id: what it belongs to.
        logger: a structlog logger bound to all of these.
    """

    __slots__ = (
        "_host",
        "_input",
        "_logger",
        "attempt",
        "execution_id",
        "idempotency_key",
        "step_id",
        "tenant",
        "workflow_id",
    )

    def __init__(
        self,
        host: StepHost,
        *,
        input: dict[str, Any] | None,
        attempt: int,
        idempotency_key: str,
        tenant: Tenant,
        execution_id: UUID,
        workflow_id: str,
        step_id: str,
        logger: Callable[[Context], FilteringBoundLogger],
    ) -> None:
        self._host = host
        self._input = input
        self._logger = logger
        self.attempt = attempt
        self.idempotency_key = idempotency_key
        self.tenant = tenant
        self.execution_id = execution_id
        self.workflow_id = workflow_id
        self.step_id = step_id

    @property
    def input(self) -> dict[str, Any]:
        """The step's input (a copy: changing it changes nothing else)."""
        if self._input is None:
            self._input = self._host.snapshot_data()
        return self._input

    @property
    def data(self) -> dict[str, Any]:
        """A copy of the execution's shared data. Return a :class:`Result` with ``data`` to change it."""
        return self._host.snapshot_data()

    @property
    def execution_input(self) -> dict[str, Any]:
        """A copy of what the execution was started with."""
        return self._host.snapshot_input()

    @property
    def logger(self) -> FilteringBoundLogger:
        """A logger that carries tenant, execution, workflow, step and attempt."""
        return self._logger(self)

    def heartbeat(self) -> None:
        """Say that the action is still at work: its timeout starts anew.

        Raises:
            StepCancelled: the result is no longer wanted.
        """
        self._host.heartbeat()

    # --- whom it runs for ---------------------------------------------------------------------------------------------

    @property
    def tenant_id(self) -> UUID:
        """Id of the tenant."""
        return self.tenant.id

    @property
    def tenant_slug(self) -> str:
        """Short name of the tenant."""
        return self.tenant.slug

    async def tenant_config(self) -> dict[str, Any]:
        """The tenant's configuration as it is now, camelCase: ``id``, ``slug``, ``name``, ``domain``, ``features``,
        ``limits``, ``branding``, ``security`` and ``dataRetention``; of the sections only what is set, by the tenant or
        for all.

        Only ``async`` actions can ask.
        """
        return await self._host.tenant_configuration()

    @property
    def is_tenant_isolated(self) -> bool:
        """Whether the execution concerns this tenant alone. What a step can reach is this tenant's in any case."""
        return not self.cross_tenant_access

    @property
    def cross_tenant_access(self) -> bool:
        """Whether it is one of several executions, one in each of several tenants."""
        return self._host.surroundings.cross_tenant_access

    @property
    def data_encryption(self) -> bool:
        """Whether the workflow's payloads are encrypted at rest."""
        return self._host.is_encrypted

    @property
    def request(self) -> RequestInfo | None:
        """The web request within which the execution was started; None where it was started otherwise."""
        return self._host.surroundings.request

    @property
    def cause(self) -> Cause | None:
        """The request of the platform's API that the execution goes back to; None where there was none.

        Remote workers do not know it.
        """
        return self._host.cause

    @property
    def user_id(self) -> str | None:
        """On whose behalf it runs; where nobody was named, id of whoever started it."""
        return self._host.surroundings.user_id

    @property
    def user_role(self) -> str | None:
        """The role of whom it runs for, where it was told."""
        return self._host.surroundings.user_role

    @property
    def user_permissions(self) -> tuple[str, ...]:
        """What whom it runs for may do, where it was told."""
        return self._host.surroundings.user_permissions

    @property
    def metadata(self) -> dict[str, Any]:
        """What whoever started the execution wanted kept with it."""
        return self._host.surroundings.metadata

    # --- what it leaves -----------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> Metrics:
        """Counts and measures that are kept with the step's result."""
        return self._host.surroundings.metrics

    def audit(
        self,
        action: str,
        resource: str | None = None,
        details: Mapping[str, Any] | None = None,
        *,
        resource_id: str | None = None,
    ) -> None:
        """Leave an entry in the tenant's audit log.

        It is written in the transaction that stores the step's result, so exactly once; not where the attempt fails.

        Args:
            action: what was done, like ``user.registered``.
            resource: the kind of thing that it was done to.
            details: anything that helps, JSON without secrets.
            resource_id: which thing.

        Raises:
            ValueError: the action is no name, or the step leaves too many entries.
        """
        self._host.surroundings.audit(AuditNote(action, resource, resource_id, details))

    @property
    def audit_trail(self) -> tuple[AuditNote, ...]:
        """The audit entries that this attempt has left so far."""
        return tuple(self._host.surroundings.audit_trail)

    async def secret(self, name: str) -> str:
        """The value of a secret variable, the workflow's or the tenant's, as it is now.

        Keep it out of what the action returns: wherever it turns up there, in an error or in ``logger``, it is replaced
        by ``***``.

        Args:
            name: the variable's.

        Raises:
            ActionError: there is no such secret (code ``unknown_secret``).
            RuntimeError: called in a plain (threaded) function, which gets secrets with its input: ``${vars.NAME}``.
        """
        return await self._host.secret(name)

    @property
    def connection(self) -> str | None:
        """Name of the connection that the step works with; None where it names none."""
        return self._host.connection

    def connected(
        self, integration: str | None = None, *, is_needed: bool = True
    ) -> AbstractAsyncContextManager[OpenedConnection]:
        """The connection that the step names, within its limits: its circuit breaker, rate and timeout.

        What is raised within counts against it. Actions of an :class:`~weftline.authoring.integrations.Integration` get
        it as their second argument and need not ask.

        Args:
            integration: whose connection it must be; None: whichever the step names.
            is_needed: False: where the step names none, one without credentials is given.

        Raises:
            ActionError: there is none that may be used (code ``unknown_connection``), its breaker is open
                (``circuit_open``), or its credentials have to be renewed (``connection_unauthorized``).
        """
        return self._host.connected(integration, is_needed)

    async def transaction(self) -> asyncpg.Connection:
        """Join the step's own transaction.

        What is written on the returned connection is committed together with the step's result, and is rolled back
        if the attempt fails or the worker has lost the execution: it happens exactly once. The connection works
        under the worker's database role, with ``app.current_tenant`` set; do not commit or roll back on it.

        Raises:
            RuntimeError: called in a plain (threaded) function; only ``async`` actions can join.
        """
        return await self._host.join_transaction()
