"""One attempt of one step, while its action runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

import orjson
import structlog

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, StepCancelled
from weftline.engine.run import Run
from weftline.engine.secrets import MaskingLogger, Secrets
from weftline.engine.surroundings import surroundings_of
from weftline.machine.state import Step
from weftline.store.variables import UnknownSecret

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    import asyncpg
    from structlog.typing import FilteringBoundLogger

    from weftline.authoring.integrations import OpenedConnection
    from weftline.authoring.surroundings import Surroundings
    from weftline.engine.connections import Connections
    from weftline.engine.joined import JoinedTransaction
    from weftline.model.cause import Cause
    from weftline.model.masking import Masker
    from weftline.model.retry import RetryPolicy
    from weftline.store.variables import VariableSet


class Attempt:
    """One attempt of one step, while it runs. The engine's side of the action's context.

    Attributes:
        left: what belongs to the step beside its input and its result; None where its action asked for none of it.
        audits: the audit entries that are written with its result, JSON text of each.
        secrets: those that it has been given; None while there are none.
        connection: name of the connection that its step works with; None where it names none.
        policy: how that connection wants steps to be tried again whose definitions say nothing.
    """

    __slots__ = (
        "_deadline",
        "_has_begun",
        "_job",
        "_lane",
        "_loop",
        "_seconds",
        "audits",
        "configuration_of",
        "connection",
        "connections",
        "is_aborted",
        "joined",
        "left",
        "number",
        "open_joined",
        "policy",
        "run",
        "secrets",
        "step",
        "variables_of",
    )

    def __init__(
        self,
        run: Run,
        step: Step,
        open_joined: Callable[[Attempt], Awaitable[JoinedTransaction]],
        configuration_of: Callable[[UUID], Awaitable[dict[str, Any]]],
        variables_of: Callable[[Run], Awaitable[VariableSet]],
        connections: Connections,
    ) -> None:
        self.run = run
        self.step = step
        self.number = step.attempt
        self.is_aborted = False
        self.joined: JoinedTransaction | None = None
        self.open_joined = open_joined
        self.configuration_of = configuration_of
        self.variables_of = variables_of
        self.connections = connections
        self.connection: str | None = None
        self.policy: RetryPolicy | None = None
        self.secrets: Secrets | None = None
        self.left: Surroundings | None = None
        self.audits: Sequence[str] = ()
        self._lane: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadline: asyncio.Timeout | None = None
        self._seconds = 0.0
        self._has_begun = False
        self._job: Future[Any] | None = None

    # --- StepHost, called by the action -----------------------------------------------------------------------------

    def snapshot_data(self) -> dict[str, Any]:
        """A copy of the shared data."""
        return orjson.loads(orjson.dumps(self.run.state.data))

    def snapshot_input(self) -> dict[str, Any]:
        """A copy of the execution's input."""
        return orjson.loads(orjson.dumps(self.run.state.input))

    def heartbeat(self) -> None:
        """Start the timeout anew; in a plain function also: stop, if the step is no longer wanted."""
        if self.is_aborted:
            raise StepCancelled
        if self._deadline is not None and self._loop is not None:
            # an action in a thread must not touch the loop's timers itself
            self._loop.call_soon_threadsafe(self._extend)

    async def join_transaction(self) -> asyncpg.Connection[asyncpg.Record]:
        """The connection whose transaction commits with the step's result."""
        if asyncio.current_task() is not self._lane:
            raise RuntimeError("only the async action itself can join its step's transaction")
        if self.joined is None:
            self.joined = await self.open_joined(self)
        return self.joined.connection

    @property
    def surroundings(self) -> Surroundings:
        """What belongs to the step beside its input and its result."""
        if self.left is None:
            self.left = surroundings_of(self.run)
        return self.left

    @property
    def cause(self) -> Cause | None:
        """The request that the execution goes back to."""
        return self.run.origin.cause

    @property
    def is_encrypted(self) -> bool:
        """Whether the workflow's payloads are encrypted at rest."""
        return self.run.seal is not None

    async def tenant_configuration(self) -> dict[str, Any]:
        """The tenant's configuration as it is now."""
        return await self.configuration_of(self.run.tenant.id)

    async def secret(self, name: str) -> str:
        """The value of a secret variable."""
        if self._lane is None or asyncio.get_running_loop() is not self._lane.get_loop():
            raise RuntimeError("only an async action can ask for a secret; a plain one gets it with its input")
        variables = await self.variables_of(self.run)
        try:
            return self._reveal(variables, name)
        except UnknownSecret as error:
            raise ActionError(str(error), code="unknown_secret", retryable=False) from None

    def connected(self, integration: str | None, is_needed: bool) -> AbstractAsyncContextManager[OpenedConnection]:
        """The connection that the step names."""
        return self.connections.use(self, integration, is_needed)

    def learn(self, secrets: AbstractSet[str], masker: Masker) -> None:
        """These are hidden from here on in whatever comes of the attempt.

        Args:
            secrets: their values.
            masker: hides them.
        """
        if secrets:
            if self.secrets is None:
                self.secrets = Secrets()
            self.secrets.add_all(secrets, masker)

    @property
    def tenant_id(self) -> UUID:
        """Whose execution it is of."""
        return self.run.tenant.id

    @property
    def person(self) -> UUID | None:
        """Who has started the execution."""
        return self.run.origin.started_by

    @property
    def execution_id(self) -> UUID | None:
        """Of which execution it is."""
        return self.run.id

    @property
    def workflow_id(self) -> str:
        """Of which workflow the execution is."""
        return self.run.workflow_id

    @property
    def is_lasting(self) -> bool:
        """It ends."""
        return False

    @property
    def has_timed_out(self) -> bool:
        """Whether the attempt has used up its time."""
        return self._deadline is not None and self._deadline.expired()

    def _reveal(self, variables: VariableSet, name: str) -> str:
        value = variables.secret(name)
        if self.secrets is None:
            self.secrets = Secrets()
        self.secrets.add(value)
        return value

    def logger(self, context: Context) -> FilteringBoundLogger:
        """A logger for the action, which hides the attempt's secrets."""
        return cast(
            "FilteringBoundLogger",
            MaskingLogger(_logger(context).bind(**self.run.origin.log_fields()), lambda: self.secrets),
        )

    # --- called by the executor -------------------------------------------------------------------------------------

    async def revealed(self, input: Any) -> Any:
        """The input with the values of the secrets that it mentions.

        Raises:
            ActionError: a secret is gone.
        """
        variables = await self.variables_of(self.run)
        try:
            return variables.revealed(input, self.run.id_text, lambda name: self._reveal(variables, name))
        except UnknownSecret as error:
            raise ActionError(str(error), code="unknown_secret", retryable=False) from None

    def begin(self, lane: asyncio.Task[None] | None) -> None:
        """The attempt is at work in this lane."""
        self._has_begun = True
        self._lane = lane

    def wait_for_thread(self, job: Future[Any]) -> None:
        """The action is a plain function, and runs when a thread is free."""
        self._job = job

    def withdraw(self) -> bool:
        """Stop the attempt if its action has not begun; returns whether that is so."""
        if self._has_begun and (self._job is None or not self._job.cancel()):
            return False
        self.is_aborted = True
        return True

    def limit(self, deadline: asyncio.Timeout, seconds: float) -> None:
        """The attempt must end within ``seconds`` of the last heartbeat."""
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._seconds = seconds

    def _extend(self) -> None:
        if self._deadline is not None and self._loop is not None and not self._deadline.expired():
            self._deadline.reschedule(self._loop.time() + self._seconds)

    def finish(self) -> None:
        """The action has returned."""
        self._lane = None
        self._deadline = None

    def forget_secrets(self, secrets: Secrets) -> None:
        """The attempt has ended. A plain function may go on after that, and print what it likes."""
        if self._job is None:
            secrets.close()
        else:
            self._job.add_done_callback(lambda _: secrets.close())

    def abort(self) -> None:
        """Stop the action if it waits; its result is void."""
        self.is_aborted = True
        if self._lane is not None:
            self._lane.cancel()


def _logger(context: Context) -> FilteringBoundLogger:
    return structlog.get_logger("weftline.action").bind(
        tenant=context.tenant.slug,
        execution_id=str(context.execution_id),
        workflow_id=context.workflow_id,
        step=context.step_id,
        attempt=context.attempt,
    )
