"""A test of one workflow: what stands in for the world around it, and what happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from weftline.authoring import ActionRegistry, Tenant
from weftline.authoring import registry as known_actions
from weftline.language import load, parse_definition
from weftline.language.hints import nearest
from weftline.language.program import Program
from weftline.language.timestamps import parse_timestamp
from weftline.testing.acts import Act, AnswerTask
from weftline.testing.behaviour import UNSAID, Error, Mock, Mocks, make_mock
from weftline.testing.coverage import Coverage
from weftline.testing.errors import EndlessRun, InvalidScript
from weftline.testing.execution import Origin
from weftline.testing.performing import Performer
from weftline.testing.playing import HORIZON, play
from weftline.testing.run import WorkflowRun
from weftline.testing.script import Line, Moment, Performance, Trigger, seconds
from weftline.testing.story import path_of, span, story
from weftline.testing.world import World

BEGINNING = "2030-01-01T00:00:00Z"
"""Where the clock of a test begins that does not say."""

TENANT = UUID("00000000-0000-7000-8000-0000000000aa")
"""Id of the tenant whose executions they are."""


@runtime_checkable
class HasDefinition(Protocol):
    """A workflow that is written as code."""

    def definition(self) -> Mapping[str, Any]:
        """Its definition."""
        ...


Definition = Mapping[str, Any] | str | Path | HasDefinition
"""How a test names a workflow: a document, the path of a file that holds one, or a workflow in code."""


class WorkflowTest(Moment["WorkflowTest"]):
    """A test of one workflow, in memory and in no time.

    ::

        def test_a_small_purchase_needs_no_approval() -> None:
            run = WorkflowTest("workflow.json").mock("purchase.order", returns={"ordered": True}).run({"amount": 50})
            run.assert_completed().assert_not_visited("approve")

    What a script does is written in the order in which it happens: ``signal``, ``event``, ``answer``, ``pause`` and so
    on happen as soon as everything rests, ``at("2d").signal(…)`` two days after the start, ``after("1h")`` an hour
    after the line before, ``when("step")`` as soon as that node is open.

    Args:
        definition: the workflow.
        children: workflows that it starts.
        real_actions: names of actions that run as they are; True for all that are not mocked. They must be registered:
            import the module that has them. The steps of a workflow that is a class run as they are anyway.
        variables: values of ``vars``.
        secrets: values of the variables that are secrets: only actions see them, as in production.
        started_by: who starts it, as actions and conditions see them.
        context: what is told of request and user; see ``docs/guides/workflows-in-code.md``.
        tenant: short name of the tenant.
        tenant_configuration: what actions see of the tenant's configuration.
        starts_at: where the clock begins, RFC 3339.
        coverage: counts what was gone through.
        registry: finds real actions.

    Raises:
        DefinitionError, ParseError, OSError: a definition is not valid, or cannot be read.
        TimestampError: ``starts_at`` is no time.
    """

    def __init__(
        self,
        definition: Definition,
        *,
        children: Iterable[Definition] = (),
        real_actions: Iterable[str] | bool = (),
        variables: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        started_by: str | None = None,
        context: Mapping[str, Any] | None = None,
        tenant: str = "test",
        tenant_configuration: Mapping[str, Any] | None = None,
        starts_at: str = BEGINNING,
        coverage: Coverage | None = None,
        registry: ActionRegistry = known_actions,
    ) -> None:
        super().__init__(self, Trigger())
        self.program = compiled(definition)
        self._programs: dict[str, Program] = {self.program.id: self.program}
        all_real = real_actions is True
        real = () if isinstance(real_actions, bool) else tuple(real_actions)
        self._mocks = Mocks({}, {}, {}, real, all_real, _own_actions(definition, self.program))
        self._origin = Origin(
            Tenant(TENANT, tenant),
            started_by,
            context or {},
            tenant_configuration or {},
            dict(variables or {}),
            dict(secrets or {}),
        )
        self._began = parse_timestamp(starts_at)
        self._coverage = coverage
        self._registry = registry
        self._lines: list[Line] = []
        for child in children:
            self.child(child)

    # --- what is around it -------------------------------------------------------------------------------------------

    def child(self, definition: Definition) -> WorkflowTest:
        """Give the definition of a workflow that it starts; it runs in the test, too."""
        program = compiled(definition)
        self._programs[program.id] = program
        self._mocks = replace(self._mocks, own=(*self._mocks.own, *_own_actions(definition, program)))
        return self

    def mock(
        self,
        action: str,
        *,
        returns: Any = UNSAID,
        raises: Error | None = None,
        does: Callable[[Any], Any] | None = None,
        sequence: Iterable[Any] | None = None,
        takes: float | str = 0.0,
    ) -> WorkflowTest:
        """Let something stand in for an action. Of the first four say one; nothing said: it returns null.

        Args:
            action: its name.
            returns: what it returns, JSON or a :class:`~weftline.authoring.Result`.
            raises: how it fails: a code, an exception or a class of exceptions.
            does: a function that is called with its :class:`~weftline.authoring.Context`.
            sequence: values, exceptions and behaviours, one a call; the last goes on.
            takes: how long it takes by the test's clock.

        Raises:
            ValueError: several are said, or the sequence is empty.
        """
        return self._with(actions={action: make_mock(returns, raises, does, sequence, takes)})

    def mock_step(
        self,
        step: str,
        *,
        returns: Any = UNSAID,
        raises: Error | None = None,
        does: Callable[[Any], Any] | None = None,
        sequence: Iterable[Any] | None = None,
        takes: float | str = 0.0,
    ) -> WorkflowTest:
        """Like :meth:`mock`, for one node: where several call the same action, such as ``http``."""
        return self._with(steps={step: make_mock(returns, raises, does, sequence, takes)})

    def mock_workflow(
        self,
        workflow: str,
        *,
        returns: Any = UNSAID,
        raises: Error | None = None,
        does: Callable[[Any], Any] | None = None,
        sequence: Iterable[Any] | None = None,
        takes: float | str = 0.0,
    ) -> WorkflowTest:
        """Like :meth:`mock`, for a workflow that it starts; a function is called with its input."""
        return self._with(workflows={workflow: make_mock(returns, raises, does, sequence, takes)})

    def _with(
        self,
        actions: Mapping[str, Mock] | None = None,
        steps: Mapping[str, Mock] | None = None,
        workflows: Mapping[str, Mock] | None = None,
    ) -> WorkflowTest:
        known = self._mocks
        self._mocks = replace(
            known,
            actions={**known.actions, **(actions or {})},
            steps={**known.steps, **(steps or {})},
            workflows={**known.workflows, **(workflows or {})},
        )
        return self

    # --- what happens to it ------------------------------------------------------------------------------------------

    def add(self, act: Act, trigger: Trigger) -> WorkflowTest:
        """Add a line to the script."""
        self._lines.append(Line(act, trigger))
        return self

    def at(self, duration: float | str) -> Moment[WorkflowTest]:
        """So long after the start; what happens then comes before timers that are due at the same moment."""
        return Moment(self, Trigger(at=seconds(duration)))

    def after(self, duration: float | str) -> Moment[WorkflowTest]:
        """So long after the line before."""
        return Moment(self, Trigger(after=seconds(duration)))

    def when(self, step: str, *, after: float | str = 0.0) -> Moment[WorkflowTest]:
        """As soon as a node is open, or so long after that.

        Raises:
            InvalidScript: the workflow has no such node.
        """
        if self.program.nodes and step not in self.program.nodes:
            raise InvalidScript(f"the workflow '{self.program.id}' has no node '{step}'")
        return Moment(self, Trigger(step=step, after=seconds(after)))

    # --- running it --------------------------------------------------------------------------------------------------

    def run(self, input: Mapping[str, Any] | None = None, *, until: float | str | None = None) -> WorkflowRun:
        """Run the workflow until it has ended, or nothing can happen to it any more.

        Args:
            input: JSON, an object.
            until: so long, and no longer.

        Raises:
            TestProblem: the test cannot be carried out as it is written.
            RuntimeError: an event loop is running already; there, ``await`` :meth:`run_async`.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self.run_async(input, until=until))
        raise RuntimeError("an event loop is running: await run_async(…) instead")

    async def run_async(
        self, input: Mapping[str, Any] | None = None, *, until: float | str | None = None
    ) -> WorkflowRun:
        """The same within an event loop; see :meth:`run`."""
        self._check_names()
        performer = Performer(self._mocks, self._registry)
        world = World(self._programs, self._mocks, performer, self._registry, self._origin, self._began)
        execution = world.start(self.program, dict(input or {}))
        script = Performance(self._lines, world, execution)
        end = self._began + (HORIZON if until is None else seconds(until))
        if await play(world, [script], execution, end) and until is None:
            nodes = ", ".join(dict.fromkeys(path_of(execution.events[-20:])))
            raise EndlessRun(
                f"'{self.program.id}' still goes round after {span(HORIZON)}, by {nodes}; say `until` when to "
                f"stop, or script what ends it\n\nWhat happened last:\n{story(execution.events)}"
            )
        for each in world.executions:
            each.close()
            if self._coverage is not None:
                self._coverage.add(each.program, each.events)
        return WorkflowRun(world, execution, performer, script.left)

    def _check_names(self) -> None:
        """See that the nodes that mocks and script name are there.

        Raises:
            InvalidScript: one is not.
        """
        programs = self._programs.values()
        if any(program.function is not None for program in programs):
            # whose nodes show only as it runs
            return
        known = {node for program in programs for node in program.nodes}
        named: dict[str | None, str] = dict.fromkeys(self._mocks.steps, "a mock")
        named |= {line.act.step: str(line.act) for line in self._lines if isinstance(line.act, AnswerTask)}
        for step, what in named.items():
            if step is not None and step not in known:
                near = nearest(step, known)
                hint = f"; did you mean '{near}'?" if near else ""
                raise InvalidScript(f"{what}: no workflow of the test has a node '{step}'{hint}")

    def assert_deterministic(self, input: Mapping[str, Any] | None = None, *, until: float | str | None = None) -> None:
        """Run it twice; both times exactly the same must happen.

        An action or a mock that depends on the clock, on chance or on what it did before shows here.
        """
        first, second = self.run(input, until=until), self.run(input, until=until)
        for one, other in zip(first.events, second.events, strict=False):
            if one != other:
                raise AssertionError(f"{self.program.id}: first {one!r}, then {other!r}")
        if len(first.events) != len(second.events):
            raise AssertionError(f"{self.program.id}: first {len(first.events)} events, then {len(second.events)}")


def _own_actions(definition: Definition, program: Program) -> tuple[str, ...]:
    """What the names of the actions begin with that a workflow in code brings with it: the methods of its class."""
    return () if isinstance(definition, str | Path | Mapping) else (f"{program.id}.",)


def compiled(definition: Definition) -> Program:
    """The program of a workflow, however a test names it.

    Raises:
        DefinitionError, ParseError, OSError: it is not valid, or cannot be read.
    """
    if isinstance(definition, str | Path):
        document: Mapping[str, Any] = parse_definition(Path(definition).read_bytes())
    elif isinstance(definition, Mapping):
        document = definition
    else:
        document = definition.definition()
    return load(document)[1]
