"""Runs the tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

from weftline.authoring import ActionError, ActionRegistry, Result
from weftline.language.errors import DefinitionError
from weftline.language.timestamps import TimestampError
from weftline.testing import suite as written
from weftline.testing.behaviour import Behaviour, raises, returns
from weftline.testing.coverage import Coverage
from weftline.testing.errors import TestProblem
from weftline.testing.run import WorkflowRun
from weftline.testing.script import Moment, Trigger, seconds
from weftline.testing.suite import GAP, Case, Expect, Line, Setting, Suite
from weftline.testing.workflow_test import BEGINNING, Definition, WorkflowTest

FindDefinition = Callable[[str], Definition]
"""Finds a definition by what a file of tests calls it."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one test.

    Attributes:
        name: the test's.
        seconds: how long it took, by the clock on the wall.
        failure: what is not as expected, or why it cannot be carried out; None where it passed.
        is_broken: it cannot be carried out as it is written.
    """

    name: str
    seconds: float
    failure: str | None = None
    is_broken: bool = False


def run_suite(
    suite: Suite,
    find: FindDefinition,
    registry: ActionRegistry,
    coverage: Coverage,
    wanted: Callable[[str], bool] = lambda name: True,
    *,
    twice: bool = False,
) -> Iterator[CaseResult]:
    """Run the tests of a file, one after the other.

    Args:
        suite: the tests.
        find: finds the definitions that it names.
        registry: finds real actions.
        coverage: counts what was gone through.
        wanted: whether a test of this name is to run.
        twice: run each twice; it fails where not exactly the same happens.
    """
    for case in suite.tests:
        if wanted(case.name):
            yield _run(suite, case, find, registry, coverage, twice)


def _run(
    suite: Suite, case: Case, find: FindDefinition, registry: ActionRegistry, coverage: Coverage, twice: bool
) -> CaseResult:
    began = perf_counter()
    failure: str | None = None
    is_broken = False
    try:
        test = _test(suite, case, find, registry, coverage)
        check(test.run(case.input, until=case.until), case.expect)
        if twice:
            test.assert_deterministic(case.input, until=case.until)
    except AssertionError as error:
        failure = str(error)
    except DefinitionError as error:
        failure, is_broken = "\n".join(map(str, error.problems)), True
    except (TestProblem, TimestampError, ValueError, OSError) as error:
        failure, is_broken = str(error), True
    return CaseResult(case.name, perf_counter() - began, failure, is_broken)


def _test(suite: Suite, case: Case, find: FindDefinition, registry: ActionRegistry, coverage: Coverage) -> WorkflowTest:
    test = WorkflowTest(
        find(suite.workflow),
        children=[find(child) for child in suite.children],
        real_actions=[*suite.real_actions, *case.real_actions],
        variables={**suite.variables, **case.variables},
        secrets={**suite.secrets, **case.secrets},
        starts_at=case.starts_at or suite.starts_at or BEGINNING,
        coverage=coverage,
        registry=registry,
    )
    for setting in (suite, case):
        _mock(test, setting)
    for line in case.script:
        _script(test, line)
    return test


def _mock(test: WorkflowTest, setting: Setting) -> None:
    for mock_one, mocks in (
        (test.mock, setting.mocks),
        (test.mock_step, setting.mock_steps),
        (test.mock_workflow, setting.mock_workflows),
    ):
        for name, mock in mocks.items():
            mock_one(name, sequence=[_behaviour(each) for each in mock.sequence or (mock,)])


def _behaviour(said: written.Behaviour) -> Behaviour:
    if said.raises is None:
        value = said.returns if said.data is None else Result(said.returns, said.data)
        return returns(value, takes=said.takes)
    if isinstance(said.raises, str):
        return raises(said.raises, takes=said.takes)
    wrong = said.raises
    error = ActionError(
        wrong.message or f"the mock fails with '{wrong.code}'",
        code=wrong.code,
        retryable=wrong.retryable,
        retry_after=wrong.retry_after,
        details=wrong.details,
    )
    return raises(error, takes=said.takes)


def _script(test: WorkflowTest, line: Line) -> None:
    if line.when is not None:
        # says what is wrong where there is no such node
        test.when(line.when)
    at = None if line.at is None else seconds(line.at)
    moment = Moment(test, Trigger(at, line.when, 0.0 if line.after is None else seconds(line.after)))
    if line.signal is not None:
        moment.signal(line.signal, line.payload)
    elif line.event is not None:
        moment.event(line.event, line.payload, correlation=line.correlation)
    elif line.do is None:
        by = {} if line.by is None else {"by": line.by}
        moment.answer(line.task, outcome=line.outcome, data=line.data, assignee=line.assignee, **by)
    else:
        _operate(moment, line)


def _operate(moment: Moment[WorkflowTest], line: Line) -> None:
    match line.do:
        case "cancel":
            moment.cancel(line.reason, undo=line.undo)
        case "rollback":
            moment.rollback(line.step, redo=line.redo, rest=line.rest)
        case "retry":
            moment.retry(line.step, input=line.input, data=line.data)
        case "skip":
            assert line.step is not None
            moment.skip(line.step, line.output)
        case "changeData":
            moment.change_data(line.data or {}, remove=line.remove)
        case "submit":
            moment.submit(line.by)
        case "approve":
            moment.approve(line.by)
        case "reject":
            moment.reject(line.reason)
        case "pause":
            moment.pause()
        case "resume":
            moment.resume()
        case "begin":
            moment.begin()
        case "validate":
            moment.validate()
        case "loseWorker" | None:
            moment.lose_worker()


def check(run: WorkflowRun, expect: Expect) -> None:
    """See that a run came to what is expected.

    Raises:
        AssertionError: it did not.
    """
    said = expect.model_fields_set
    if expect.status is not None:
        run.assert_status(expect.status)
    if expect.error is not None:
        run.assert_error(expect.error)
    if expect.path is not None:
        run.assert_path(*(... if step == GAP else step for step in expect.path))
    if expect.waiting_at is not None:
        run.assert_waiting_at(*expect.waiting_at)
    if expect.undone is not None:
        run.assert_undone(*expect.undone)
    run.assert_visited(*expect.visited).assert_not_visited(*expect.not_visited).assert_data(**expect.data)
    if "output" in said:
        run.assert_output(expect.output)
    for action, calls in expect.calls.items():
        if isinstance(calls, int):
            run.assert_called(action, calls)
        else:
            run.assert_called(action, calls.times, input=calls.input if "input" in calls.model_fields_set else ...)
    for step, people in expect.tasks.items():
        run.assert_task(step, assigned_to=people)
    for event in expect.emitted:
        payload = event.payload if "payload" in event.model_fields_set else ...
        run.assert_emitted(event.name, payload, correlation=event.correlation)
    if expect.virtual_time is not None:
        run.assert_took(seconds(expect.virtual_time))
    run.assert_script_done()
