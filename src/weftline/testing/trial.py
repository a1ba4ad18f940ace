"""Trying a workflow out: a run for somebody who looks on, with nothing outside touched.

What the caller says nothing about is made up: an action gives an example of its output, as far as that is known, and a
workflow that is started gives nothing. Tasks and events that nobody answers are waited for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import orjson

from weftline.authoring import ActionError, ActionRegistry, Context, Tenant
from weftline.language.durations import parse_duration
from weftline.language.program import Program
from weftline.machine.step import EVENT, TASK, Step
from weftline.model.event import EventType
from weftline.model.stepkey import parse_key
from weftline.testing.acts import AnswerTask
from weftline.testing.behaviour import Behaviour, Mock, Mocks, Raises, Returns
from weftline.testing.execution import Execution, Origin
from weftline.testing.performing import Performer
from weftline.testing.playing import HORIZON, play
from weftline.testing.script import Line, Performance, Trigger
from weftline.testing.world import World

SIZE = 5_000_000
"""Bytes that the data of all events may have together."""

REPEATS = 1_000
"""So often the last answer to a task is given again."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What is to be tried out.

    Attributes:
        input: of the execution.
        mocks: what stands in for actions, nodes and workflows, by name; each as :func:`mock_of` reads it.
        answers: by the id of a human task's node, what people say, in order; the last one again and again.
        events: signals and events, in order: ``name``, ``payload``, ``correlation``, ``after``.
        outputs: JSON Schemas of what actions give, by name.
        variables: values of ``vars``.
        secrets: names of those that are secrets.
        tenant: whose execution it would be.
        started_by: who would start it.
        starts_at: Unix seconds.
        until: seconds after which to stop; None: when nothing happens any more.
        max_steps: steps after which to stop.
        deadline: seconds of real time after which to stop.
    """

    input: dict[str, Any]
    tenant: Tenant
    starts_at: float
    mocks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    answers: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict[str, Any])
    events: Sequence[Mapping[str, Any]] = ()
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secrets: Sequence[str] = ()
    started_by: str | None = None
    until: float | None = None
    max_steps: int = 1_000
    deadline: float = 2.0


class _Stop(Exception):
    """The trial has come to one of its bounds.

    Attributes:
        bound: ``steps``, ``time`` or ``size``.
    """

    def __init__(self, bound: str) -> None:
        super().__init__(bound)
        self.bound = bound


@dataclass(frozen=True)
class BringEvent:
    """A signal or an event, once a step waits for it.

    Attributes:
        name, payload: what it is.
        correlation: only a step that waits for this one gets it; None: whichever waits for the name.
    """

    name: str
    payload: Any = None
    correlation: str | None = None
    waits: ClassVar[bool] = True

    def is_possible(self, world: World, execution: Execution) -> bool:
        """Whether a step waits for it."""
        return next(self._waiting(world), None) is not None

    def carry_out(self, world: World, execution: Execution) -> None:
        """Deliver it to whatever waits for the same."""
        step = next(self._waiting(world))
        world.deliver(self.name, step.correlation, self.payload)

    def _waiting(self, world: World) -> Iterator[Step]:
        return (
            step
            for execution in world.executions
            for step in execution.state.open.values()
            if step.waiting == EVENT and step.event == self.name and self.correlation in (None, step.correlation)
        )

    def __str__(self) -> str:
        return f"event '{self.name}'"


def mock_of(told: Mapping[str, Any]) -> Mock:
    """What stands in for something: ``output``, ``error`` (a code, or ``{code, message, retryable}``), ``takes``, or a
    ``sequence`` of such, of which the last goes on for ever.

    Raises:
        DurationError: ``takes`` is no duration.
    """
    listed = told.get("sequence")
    each = cast("list[Mapping[str, Any]]", listed) if listed else [told]
    return Mock(tuple(_behaviour(one) for one in each))


def _behaviour(told: Mapping[str, Any]) -> Behaviour:
    takes = parse_duration(told.get("takes") or 0.0)
    error = told.get("error")
    if error is None:
        return Returns(told.get("output"), takes)
    facts: Mapping[str, Any] = {"code": error} if isinstance(error, str) else error
    code = facts.get("code", "failed")
    message = facts.get("message") or f"the mock fails with '{code}'"
    return Raises(ActionError(message, code=code, retryable=facts.get("retryable", True)), takes)


async def run_trial(program: Program, plan: TrialPlan) -> dict[str, Any]:
    """Run a workflow as a plan says.

    Returns:
        JSON: where the execution stands, what it came to, its log, and what it waits for.

    Raises:
        TestProblem: an answer does not fit its task.
        DurationError: something is no duration.
    """
    unmocked: dict[tuple[str, str], None] = {}

    def otherwise(action: str, node: str) -> Behaviour:
        unmocked[action, node] = None
        return Returns(example_of(plan.outputs.get(action)))

    registry = ActionRegistry()
    registry.register("echo", _echo)
    registry.register("log", _nothing)
    mocks = {name: mock_of(told) for name, told in plan.mocks.items()}
    children = {
        child: mocks.get(node) or mocks.get(child) or Mock((Returns(None),)) for node, child in _children(program)
    }
    steps = {name: mock for name, mock in mocks.items() if name in program.nodes}
    pretended = Mocks(mocks, steps, children, ())
    origin = Origin(plan.tenant, plan.started_by, {}, {}, plan.variables, dict.fromkeys(plan.secrets, "•••"))
    performer = Performer(pretended, registry, otherwise)
    world = World({}, pretended, performer, registry, origin, plan.starts_at)
    bounds = _Bounds(world, plan)
    execution = world.start(program, plan.input)
    scripts = list(_scripts(world, execution, plan))
    end = plan.starts_at + (HORIZON if plan.until is None else plan.until)
    stopped: str | None = None
    try:
        if await play(world, scripts, execution, end, bounds.check):
            stopped = "until"
    except _Stop as stop:
        stopped = stop.bound
    unmocked |= {(child, node): None for node, child in _children(program) if node not in mocks and child not in mocks}
    return _told(world, execution, stopped, [key for key in unmocked if _was_entered(execution, key[1])])


class _Bounds:
    """Sees to it that a trial ends."""

    def __init__(self, world: World, plan: TrialPlan) -> None:
        self._world = world
        self._plan = plan
        self._until = time.monotonic() + plan.deadline
        self._seen: dict[int, int] = {}
        self._size = self._steps = 0

    def check(self) -> None:
        """Look whether it has come to a bound.

        Raises:
            _Stop: it has.
        """
        for number, execution in enumerate(self._world.executions):
            seen = self._seen.get(number, 0)
            new = execution.events[seen:]
            self._seen[number] = seen + len(new)
            self._steps += sum(event.type is EventType.STEP_STARTED for event in new)
            self._size += sum(len(orjson.dumps(event.data)) for event in new if event.data is not None)
        if self._size > SIZE:
            raise _Stop("size")
        if self._steps >= self._plan.max_steps:
            raise _Stop("steps")
        if time.monotonic() > self._until:
            raise _Stop("time")


def _scripts(world: World, execution: Execution, plan: TrialPlan) -> Iterator[Performance]:
    for node, answers in plan.answers.items():
        if not answers:
            continue
        repeated = [*answers, *[answers[-1]] * REPEATS]
        lines = [
            Line(
                AnswerTask(
                    node, None, each.get("outcome"), each.get("data") or {}, each.get("by") or f"somebody {number}"
                ),
                Trigger(after=parse_duration(each.get("after") or 0.0)),
            )
            for number, each in enumerate(repeated, 1)
        ]
        yield Performance(lines, world, execution)
    by_name: dict[str, list[Line]] = {}
    for event in plan.events:
        act = BringEvent(event["name"], event.get("payload"), event.get("correlation"))
        line = Line(act, Trigger(after=parse_duration(event.get("after") or 0.0)))
        by_name.setdefault(event["name"], []).append(line)
    for lines in by_name.values():
        yield Performance(lines, world, execution)


def _children(program: Program) -> Iterator[tuple[str, str]]:
    """The nodes that start other workflows, and which."""
    for id, node in program.nodes.items():
        if node.workflow:
            yield id, node.workflow


def _was_entered(execution: Execution, node: str) -> bool:
    return any(event.step is not None and parse_key(event.step)[0] == node for event in execution.events)


async def _echo(ctx: Context) -> Any:
    return ctx.input


async def _nothing(ctx: Context) -> None:
    return None


def _told(
    world: World, execution: Execution, stopped: str | None, unmocked: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    state = execution.state
    return {
        "status": state.resting_status().value,
        "output": state.output,
        "data": state.data,
        "error": state.error,
        "stopped": stopped,
        "now": world.now,
        "events": [[each.seq, each.type.value, each.step, each.data, each.at] for each in execution.events],
        "waiting": [] if state.has_ended else [_waiting(execution, step) for step in _resting(execution)],
        "unmocked": [{"name": name, "stepId": node} for name, node in unmocked],
        "emitted": [[each.name, each.correlation, each.payload, each.at] for each in world.emitted],
    }


def _resting(execution: Execution) -> list[Step]:
    return [step for step in execution.state.open.values() if step.branches is None]


def _waiting(execution: Execution, step: Step) -> dict[str, Any]:
    due = execution.state.timers.get(step.key)
    task = step.waiting == TASK
    return {
        "stepId": step.node,
        "key": step.key,
        "kind": "action" if step.waiting is None else "timer" if step.waiting == "time" else step.waiting,
        "event": step.event if step.waiting == EVENT else None,
        "correlation": step.correlation if step.waiting == EVENT else None,
        "outcomes": list(execution.program.nodes[step.node].known_outcomes) if task else [],
        "dueAt": due,
    }


def example_of(schema: Mapping[str, Any] | None, depth: int = 0) -> Any:
    """A value such as a JSON Schema describes: its example or default where it has one; null where nothing is known."""
    if schema is None or depth > 8:
        return None
    for name in ("default", "const"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    told: object = schema.get("type")
    kinds = cast("list[object]", told) if isinstance(told, list) else [told]
    match kinds[0] if kinds else None:
        case "object":
            properties: Mapping[str, Any] = schema.get("properties", {})
            return {key: example_of(each, depth + 1) for key, each in properties.items()}
        case "array":
            items: object = schema.get("items")
            return [example_of(cast("dict[str, Any]", items), depth + 1)] if isinstance(items, dict) else []
        case "string":
            return "text"
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case _:
            return None
