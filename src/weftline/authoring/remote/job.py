"""A job while it is carried out, and the context in which its action sees it."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

import structlog

from weftline.authoring.context import Context, Tenant
from weftline.authoring.errors import StepCancelled

if TYPE_CHECKING:
    import asyncio

    from structlog.typing import FilteringBoundLogger

    from weftline.authoring.surroundings import Surroundings


class RunningJob:
    """A job that is carried out here. The worker's side of the action's context.

    Args:
        fetched: as the server gave it.

    Attributes:
        id, token: which, and the proof that it is this worker's.
        action: what to do.
        kept_at: when the server was last told that it is still carried out, by the monotonic clock.
        is_cancelled: nobody wants its result any more.
        task: carries it out.
    """

    __slots__ = ("_fetched", "action", "id", "is_cancelled", "kept_at", "task", "token")

    def __init__(self, fetched: dict[str, Any]) -> None:
        self._fetched = fetched
        self.id: str = fetched["id"]
        self.token: str = fetched["token"]
        self.action: str = fetched["action"]
        self.kept_at = time.monotonic()
        self.is_cancelled = False
        self.task: asyncio.Task[None] | None = None

    def context(self) -> Context:
        """What the action gets."""
        fetched, tenant = self._fetched, self._fetched["tenant"]
        return Context(
            self,
            input=None,
            attempt=fetched["attempt"],
            idempotency_key=fetched["idempotencyKey"],
            tenant=Tenant(UUID(tenant["id"]), tenant["slug"]),
            execution_id=UUID(fetched["executionId"]),
            workflow_id=fetched["workflowId"],
            step_id=fetched["stepId"],
            logger=_logger,
        )

    def answer(self, **fields: Any) -> dict[str, Any]:
        """What is said of it to the server."""
        return {"id": self.id, "token": self.token, **fields}

    # --- StepHost, called by the action -----------------------------------------------------------------------------

    def snapshot_data(self) -> dict[str, Any]:
        """A copy of the job's input, which is all that is known here."""
        return copy.deepcopy(self._fetched["input"])

    def snapshot_input(self) -> dict[str, Any]:
        """Not known here.

        Raises:
            RuntimeError: always.
        """
        _refuse("the execution's input")

    def heartbeat(self) -> None:
        """Stop where the result is no longer wanted. (That the action is at work is told for as long as it is.)"""
        if self.is_cancelled:
            raise StepCancelled

    async def join_transaction(self) -> NoReturn:
        """There is none here.

        Raises:
            RuntimeError: always.
        """
        _refuse("the step's transaction")

    @property
    def surroundings(self) -> Surroundings:
        """Not known here, and metrics and audit entries have nowhere to go.

        Raises:
            RuntimeError: always.
        """
        _refuse("what belongs to the step beside its input")

    @property
    def cause(self) -> None:
        """Not known here."""
        return None

    @property
    def is_encrypted(self) -> bool:
        """Not known here.

        Raises:
            RuntimeError: always.
        """
        _refuse("whether the workflow is encrypted")

    async def tenant_configuration(self) -> NoReturn:
        """Not known here.

        Raises:
            RuntimeError: always.
        """
        _refuse("the tenant's configuration")

    async def secret(self, name: str) -> NoReturn:
        """Not known here: secrets come with the input.

        Raises:
            RuntimeError: always.
        """
        _refuse(f"the secret '{name}', unless the input brings it,")

    @property
    def connection(self) -> None:
        """None: the steps of a task queue name no connection."""
        return None

    def connected(self, integration: str | None, is_needed: bool) -> NoReturn:
        """Not known here: the platform keeps connections to itself.

        Raises:
            RuntimeError: always.
        """
        _refuse("a connection" if integration is None else f"a connection to '{integration}'")


def _refuse(what: str) -> NoReturn:
    raise RuntimeError(f"{what} is not there in a remote worker; map what the action needs into its input")


def _logger(context: Context) -> FilteringBoundLogger:
    return structlog.get_logger("weftline.action").bind(
        tenant=context.tenant.slug,
        execution_id=str(context.execution_id),
        workflow_id=context.workflow_id,
        step=context.step_id,
        attempt=context.attempt,
    )
