"""What a run of a test came to, and what it is expected to have come to.

Every ``assert_…`` returns the run, so that they can be written one after the other. One that fails says what was
expected, what was found, and what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, NoReturn

from weftline.authoring.surroundings import AuditNote
from weftline.machine.command import NoticeSpec
from weftline.model.event import Event
from weftline.testing.execution import Execution, OpenedTask
from weftline.testing.performing import Call, Performer
from weftline.testing.script import Line
from weftline.testing.story import path_of, shown, span, story, undone_steps
from weftline.testing.world import Emitted, World

Gap = EllipsisType
"""Stands in a path for any number of steps."""


class WorkflowRun:
    """One run of a workflow in a test.

    Args:
        world: where it took place.
        execution: the one under test, or one that it started.
        performer: ran its actions.
        left: lines of the script that did not happen.

    Attributes:
        status: where the execution stands (``completed``, ``waiting``, ``failed`` …).
        input, data, output: as they are at the end.
        error: a WorkflowError's JSON, or None.
        events: its log.
        path: the nodes that it entered, in order.
        waiting_at: the nodes that it waits at.
        undone: the nodes that were compensated, in that order.
        duration: seconds of the test's clock from its beginning to its end, or until now.
        calls: every attempt of an action, of all executions of the run.
        audits: the audit entries that its actions left, of all of them.
        tasks: every human task that was opened, of all of them.
        emitted: every event that one of them sent.
        notices: what people were told of failures.
        left: lines of the script that did not happen, because what they wait for did not.
    """

    def __init__(self, world: World, execution: Execution, performer: Performer, left: Sequence[Line]) -> None:
        state = execution.state
        self._world = world
        self._execution = execution
        self._performer = performer
        self.status: str = state.resting_status().value
        self.input = state.input
        self.data: dict[str, Any] = state.data
        self.output: Any = state.output
        self.error: dict[str, Any] | None = state.error
        self.events: list[Event] = list(execution.events)
        self.path = path_of(self.events)
        self.undone = undone_steps(self.events)
        self.waiting_at = [step.node for step in state.open.values() if step.branches is None]
        began = self.events[0].at if self.events else world.now
        self.duration = (world.now if state.completed_at is None else state.completed_at) - began
        self.calls: list[Call] = list(performer.calls)
        self.audits: list[AuditNote] = list(performer.audits)
        self.tasks: list[OpenedTask] = list(world.tasks)
        self.emitted: list[Emitted] = list(world.emitted)
        self.notices: list[NoticeSpec] = list(world.notices)
        self.left = list(left)

    @property
    def workflow(self) -> str:
        """Id of the workflow that ran."""
        return self._execution.program.id

    @property
    def error_code(self) -> str | None:
        """The code of the error that it ended with, or None."""
        return None if self.error is None else self.error["code"]

    @property
    def children(self) -> list[WorkflowRun]:
        """The executions that it started, in order."""
        return [
            WorkflowRun(self._world, each, self._performer, ())
            for each in self._world.executions
            if each.above is not None and each.above.execution is self._execution
        ]

    def calls_of(self, action: str) -> list[Call]:
        """The attempts of one action."""
        return [call for call in self.calls if call.action == action]

    def log(self) -> str:
        """What happened, a line an event."""
        return story(self.events)

    # --- how it ended ------------------------------------------------------------------------------------------------

    def assert_status(self, status: str) -> WorkflowRun:
        """It stands there."""
        __tracebackhide__ = True
        if self.status != status:
            reason = f": {self.error['message']} ({self.error_code})" if self.error is not None else ""
            at = f", at {', '.join(self.waiting_at)}" if self.waiting_at else ""
            self._fail(f"the execution is {self.status}{at}{reason}; expected {status}")
        return self

    def assert_completed(self, output: Any = ...) -> WorkflowRun:
        """It completed, with this output where one is given."""
        __tracebackhide__ = True
        self.assert_status("completed")
        return self if output is ... else self.assert_output(output)

    def assert_failed(self, code: str | None = None) -> WorkflowRun:
        """It failed, with this code where one is given."""
        __tracebackhide__ = True
        self.assert_status("failed")
        return self if code is None else self.assert_error(code)

    def assert_error(self, code: str) -> WorkflowRun:
        """It ended with an error of this code."""
        __tracebackhide__ = True
        if self.error_code != code:
            self._fail(f"the error's code is {self.error_code}; expected {code}")
        return self

    def assert_waiting_at(self, *steps: str) -> WorkflowRun:
        """It waits, at exactly these nodes."""
        __tracebackhide__ = True
        self.assert_status("waiting")
        if sorted(self.waiting_at) != sorted(steps):
            self._fail(f"it waits at {_listed(self.waiting_at)}; expected {_listed(steps)}")
        return self

    def assert_output(self, output: Any) -> WorkflowRun:
        """It came to this output."""
        __tracebackhide__ = True
        if self.output != output:
            self._fail(f"the output is {shown(self.output)}; expected {shown(output)}")
        return self

    def assert_data(self, **values: Any) -> WorkflowRun:
        """The shared data have these values under these keys, whatever else they hold."""
        __tracebackhide__ = True
        for key, value in values.items():
            if key not in self.data:
                self._fail(f"the data have no key '{key}'; expected {shown(value)}")
            if self.data[key] != value:
                self._fail(f"'{key}' of the data is {shown(self.data[key])}; expected {shown(value)}")
        return self

    def assert_took(self, duration: float) -> WorkflowRun:
        """It took so many seconds of the test's clock, to the millisecond."""
        __tracebackhide__ = True
        if abs(self.duration - duration) >= 0.001:
            self._fail(f"it took {span(self.duration)}; expected {span(duration)}")
        return self

    # --- its way -----------------------------------------------------------------------------------------------------

    def assert_path(self, *steps: str | Gap) -> WorkflowRun:
        """It entered exactly these nodes in this order; ``...`` stands for any number of nodes."""
        __tracebackhide__ = True
        if not _fits(self.path, steps):
            expected = ", ".join("..." if isinstance(step, Gap) else step for step in steps)
            self._fail(f"the path is {_listed(self.path)}; expected {expected}")
        return self

    def assert_visited(self, *steps: str) -> WorkflowRun:
        """It entered these nodes, in whatever order."""
        __tracebackhide__ = True
        self._check_nodes(steps)
        missing = [step for step in steps if step not in self.path]
        if missing:
            self._fail(f"{_listed(missing)} was not entered; the path is {_listed(self.path)}")
        return self

    def assert_not_visited(self, *steps: str) -> WorkflowRun:
        """It entered none of these nodes."""
        __tracebackhide__ = True
        self._check_nodes(steps)
        found = [step for step in steps if step in self.path]
        if found:
            self._fail(f"{_listed(found)} was entered; the path is {_listed(self.path)}")
        return self

    def assert_undone(self, *steps: str) -> WorkflowRun:
        """Exactly these nodes were compensated, in this order."""
        __tracebackhide__ = True
        if self.undone != list(steps):
            self._fail(f"undone: {_listed(self.undone)}; expected {_listed(steps)}")
        return self

    # --- what it did -------------------------------------------------------------------------------------------------

    def assert_called(self, action: str, times: int | None = None, *, input: Any = ...) -> WorkflowRun:
        """An action was called.

        Args:
            action: its name.
            times: so often, all attempts counted; None: at least once.
            input: with this input, at least once.
        """
        __tracebackhide__ = True
        calls = self.calls_of(action)
        if times is None and not calls:
            self._fail(f"'{action}' was not called")
        if times is not None and len(calls) != times:
            self._fail(f"'{action}' was called {len(calls)} times; expected {times}")
        if input is not ... and all(call.input != input for call in calls):
            got = "; ".join(shown(call.input) for call in calls) or "nothing"
            self._fail(f"'{action}' was called with {got}; expected {shown(input)}")
        return self

    def assert_not_called(self, action: str) -> WorkflowRun:
        """An action was not called."""
        __tracebackhide__ = True
        return self.assert_called(action, 0)

    def assert_task(self, step: str, *, assigned_to: Sequence[str] | None = None) -> WorkflowRun:
        """A node opened a human task, for exactly these people where they are given."""
        __tracebackhide__ = True
        opened = [task for task in self.tasks if task.step == step]
        if not opened:
            self._fail(f"'{step}' opened no task")
        if assigned_to is not None and all(list(task.spec.assign_to) != list(assigned_to) for task in opened):
            got = "; ".join(_listed(task.spec.assign_to) for task in opened)
            self._fail(f"the task of '{step}' is for {got}; expected {_listed(assigned_to)}")
        return self

    def assert_emitted(self, name: str, payload: Any = ..., *, correlation: str | None = None) -> WorkflowRun:
        """An event of this name was sent, with this payload and this correlation where they are given."""
        __tracebackhide__ = True
        sent = [event for event in self.emitted if event.name == name]
        fitting = [
            event
            for event in sent
            if (payload is ... or event.payload == payload) and correlation in (None, event.correlation)
        ]
        if not fitting:
            told = "; ".join(shown([event.payload, event.correlation]) for event in sent)
            self._fail(f"event '{name}' was sent with {told}" if sent else f"event '{name}' was not sent")
        return self

    def assert_script_done(self) -> WorkflowRun:
        """Every line of the script happened."""
        __tracebackhide__ = True
        if self.left:
            self._fail(f"the script came no further than {self.left[0]}")
        return self

    def _check_nodes(self, steps: Sequence[str]) -> None:
        __tracebackhide__ = True
        known = self._execution.program.nodes
        strangers = [step for step in steps if known and step not in known]
        if strangers:
            self._fail(f"the workflow has no node {_listed(strangers)}")

    def _fail(self, message: str) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError(f"{self.workflow}: {message}\n\nWhat happened:\n{self.log()}")


def _fits(path: Sequence[str], steps: Sequence[str | Gap]) -> bool:
    """Whether a path is as expected; ``possible`` are the lengths of its beginnings that are, so far."""
    possible = {0}
    for step in steps:
        if isinstance(step, Gap):
            possible = set(range(min(possible), len(path) + 1))
        else:
            possible = {at + 1 for at in possible if at < len(path) and path[at] == step}
        if not possible:
            return False
    return len(path) in possible


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
