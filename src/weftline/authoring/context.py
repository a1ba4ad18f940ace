"""What an action gets, and what it may return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from structlog.typing import FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class Tenant:
    """The tenant that a step runs for."""

    id: UUID
    slug: str


@dataclass(slots=True)
class Result:
    """An action may return this instead of its bare output.

    Attributes:
        output: the step's output, JSON.
        data: merged into the execution's shared data, so that later steps see its keys by their names.
    """

    output: Any = None
    data: Mapping[str, Any] | None = None


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


class Context:
    """One attempt of one step, as its action sees it.

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

    async def transaction(self) -> asyncpg.Connection:
        """Join the step's own transaction.

        What is written on the returned connection is committed together with the step's result, and is rolled back
        if the attempt fails or the worker has lost the execution: it happens exactly once. The connection works
        under the worker's database role, with ``app.current_tenant`` set; do not commit or roll back on it.

        Raises:
            RuntimeError: called in a plain (threaded) function; only ``async`` actions can join.
        """
        return await self._host.join_transaction()
