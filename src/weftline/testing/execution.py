"""An execution within a test: a program, its state and its log, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import structlog

from weftline.authoring import Tenant
from weftline.authoring.function import DurableFunction
from weftline.authoring.function_context import FunctionContext
from weftline.language.program import Program
from weftline.machine.command import Command, TaskSpec
from weftline.machine.driver import Driver
from weftline.machine.interpreter import advance
from weftline.machine.scope import REVEALING
from weftline.machine.state import State
from weftline.machine.step import TASK
from weftline.machine.stimulus import Stimulus
from weftline.model.event import Event, EventType
from weftline.model.secrets import CODE_BYTES, label, marker

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

ENDINGS = frozenset(
    {
        EventType.WORKFLOW_COMPLETED,
        EventType.WORKFLOW_FAILED,
        EventType.WORKFLOW_CANCELLED,
        EventType.WORKFLOW_TIMED_OUT,
    }
)
"""Events that end an execution."""

_CODE = "0" * 2 * CODE_BYTES
"""In the stand-ins for secrets: within a test nobody forges them."""

VERSION = 1
"""The number that the definition under test has for expressions."""


@dataclass(frozen=True, slots=True)
class Above:
    """The step of another execution that started this one.

    Attributes:
        execution: the other one.
        step: the step's key.
        waits: it waits for this one's end.
        depth: how many executions are above this one.
    """

    execution: Execution
    step: str
    waits: bool
    depth: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom executions of a test run for.

    Attributes:
        tenant: whose they are.
        started_by: who started them, or None.
        context: what was told of request and user, as ``POST …/executions`` takes it.
        configuration: the tenant's.
        variables: values of ``vars`` in expressions.
        secrets: values of those of type SECRET.
    """

    tenant: Tenant
    started_by: str | None
    context: Mapping[str, Any]
    configuration: Mapping[str, Any]
    variables: Mapping[str, Any]
    secrets: Mapping[str, str]


@dataclass(slots=True)
class OpenedTask:
    """A human task that a step opened.

    Attributes:
        execution: whose.
        step: the node.
        key: the step's key.
        spec: what is asked of whom.
        opened_at: Unix seconds.
        votes: what people have said so far, where it takes several.
    """

    execution: Execution
    step: str
    key: str
    spec: TaskSpec
    opened_at: float
    votes: list[dict[str, Any]]

    @property
    def is_open(self) -> bool:
        """Whether it still waits for somebody."""
        step = self.execution.state.open.get(self.key)
        return step is not None and step.waiting == TASK

    def assignees(self, now: float) -> tuple[str, ...]:
        """Whom it is assigned to at a moment, Unix seconds: after it has escalated, to more."""
        escalation = self.spec.escalation
        if escalation is None or escalation.at > now:
            return self.spec.assign_to
        return (*self.spec.assign_to, *escalation.assign_to)


class Execution:
    """One execution.

    Args:
        id: its identity.
        program: what it runs.
        input: JSON, an object.
        origin: whom it runs for.
        above: who started it; None where the test did.
        function: what it runs, where that is a durable function.

    Attributes:
        events: its log.
        inflight: by step key, the attempts that are at work; whatever comes of any other is void.
        lost_leases: how many workers were lost with it.
    """

    def __init__(
        self,
        id: UUID,
        program: Program,
        input: Mapping[str, Any],
        origin: Origin,
        above: Above | None = None,
        function: DurableFunction | None = None,
    ) -> None:
        self.id = id
        self.program = program
        self.input = input
        self.origin = origin
        self.above = above
        self.state = State(input)
        self.events: list[Event] = []
        self.inflight: dict[str, object] = {}
        self.lost_leases = 0
        self._function = function
        self._driver = self._new_driver()

    @property
    def facts(self) -> dict[str, Any]:
        """``execution``, ``tenant`` and ``vars`` for expressions."""
        started = self.state.started_at
        return {
            "execution": {
                "id": str(self.id),
                "workflowId": self.program.id,
                "versionNumber": VERSION,
                "startedAt": None if started is None else datetime.fromtimestamp(started, UTC).isoformat(),
            },
            "tenant": {"id": str(self.origin.tenant.id), "slug": self.origin.tenant.slug},
            "vars": {**self.origin.variables, **{name: label(name) for name in self.origin.secrets}},
            REVEALING: {**self.origin.variables, **{name: marker(name, _CODE) for name in self.origin.secrets}},
        }

    def feed(self, stimulus: Stimulus, now: float) -> tuple[list[Event], list[Command]]:
        """Let something happen; returns what that led to."""
        events, commands = advance(self.program, self.state, stimulus, now, self.facts)
        driver = self._driver
        while driver is not None and (driven := driver.next(self.state)) is not None:
            more, further = advance(self.program, self.state, driven, now, self.facts)
            events += more
            commands += further
        self.events += events
        return events, commands

    def reload(self) -> None:
        """Go on from what a worker would load: the snapshot, as it comes back from the database."""
        self.inflight.clear()
        self.state = State.from_json(self.input, self.state.seq, orjson.loads(orjson.dumps(self.state.to_json())))
        self._driver = self._new_driver()

    def close(self) -> None:
        """Let go of a durable function that still waits."""
        if self._driver is not None:
            self._driver.close()

    def _new_driver(self) -> Driver | None:
        if self._function is None:
            return None
        context = FunctionContext(self.id, self.program.id, self.origin.tenant, self._logger)
        return Driver(self._function, context)

    def _logger(self) -> FilteringBoundLogger:
        return structlog.get_logger("weftline.workflow").bind(workflow_id=self.program.id)
