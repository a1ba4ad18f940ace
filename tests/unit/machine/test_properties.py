"""Whatever the workflow and whatever happens to it, in whatever order.

``WEFT_TEST_EXAMPLES`` sets how many workflows are tried; the default keeps the suite quick.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weftline.machine.rewinding import NoSuchPoint, Target
from weftline.machine.step import CHILD, TASK, Step
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Amend,
    Approve,
    Begin,
    Cancel,
    ChangeData,
    ChildEnded,
    ChildUndone,
    Fault,
    JobCompleted,
    JobFailed,
    Migrate,
    Pause,
    Recovered,
    Reject,
    Resume,
    RetryCompensation,
    RetryStep,
    Rewind,
    Signal,
    Skip,
    Start,
    Stimulus,
    Submit,
    TaskCompleted,
    TimersDue,
    Validate,
)
from weftline.model.event import EventType
from weftline.model.status import ExecutionStatus
from weftline.model.stepkey import parse_key

from .definitions import Sketch, sketches
from .scenario import Scenario, from_database

EXAMPLES = int(os.environ.get("WEFT_TEST_EXAMPLES", "60"))
MAX_STIMULI = 30
FACTS = {"execution": {"id": "story"}}
MAX_OPEN = 40
"""Tokens that split in a cycle become ever more; a story with so many says nothing new."""

thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

JSON = st.sampled_from([None, 1, "text", {"n": 3}, {"n": "x"}, {"x": [1]}])
ERRORS = st.builds(
    lambda code, retryable, details: {"code": code, "message": code, "retryable": retryable, "details": details},
    st.sampled_from(["broken", "odd"]),
    st.booleans(),
    st.sampled_from([{}, {"type": "Odd"}]),
)
FAULT = Fault({"code": "unreadable", "message": "no such version", "retryable": False})
ENDS = st.sampled_from(["completed", "completed", "failed", "cancelled", "timed_out"])


def apt(story: Scenario) -> list[st.SearchStrategy[Stimulus]]:
    """What the open steps wait for, what people do next, and pauses in between."""
    state = story.state
    choices: list[st.SearchStrategy[Stimulus]] = [st.just(Resume() if state.is_paused else Pause())]
    for step in state.open.values():
        choices += _apt_for(step)
    if state.undoing is not None and state.undoing.stuck is not None:
        choices += [st.builds(RetryCompensation, JSON), st.just(Skip(f"!{state.undoing.stuck}"))]
    match state.status:
        case ExecutionStatus.DRAFT:
            choices += [st.just(Begin())] * 3
        case ExecutionStatus.AWAITING_VALIDATION:
            choices += [st.just(Submit("ann")), *(_amendments(story))]
        case ExecutionStatus.SUBMITTED:
            choices += [st.just(Approve("bob")), st.just(Reject())]
        case _:
            pass
    return choices


def _apt_for(step: Step) -> list[st.SearchStrategy[Stimulus]]:
    key = st.just(step.key)
    if step.is_at_work:
        completed = st.builds(ActionCompleted, key, st.just(step.attempt), JSON)
        failed = st.builds(ActionFailed, key, st.just(step.attempt), ERRORS, st.just(0.5))
        return [completed, completed, failed]
    if step.awaits_job:
        job = st.just(step.job)
        return [st.builds(JobCompleted, key, job, JSON), st.builds(JobFailed, key, job, ERRORS), st.just(TimersDue())]
    if step.is_undo and step.child is not None:
        return [st.builds(ChildUndone, st.just(step.key[1:]), st.none() | ERRORS)]
    if step.event is not None:
        return [st.builds(Signal, st.just(step.event), JSON, st.sampled_from([None, step.key]))]
    if step.waiting == TASK:
        answers = st.sampled_from([{}, {"n": 1}, {"n": 5}])
        return [st.builds(TaskCompleted, key, st.sampled_from(["approved", "rejected"]), answers)]
    if step.waiting == CHILD:
        return [st.builds(ChildEnded, key, st.just(step.child), ENDS, JSON, st.none() | ERRORS)]
    if step.alarm_at is not None:
        return [st.just(TimersDue())]
    return []


def _amendments(story: Scenario) -> list[st.SearchStrategy[Stimulus]]:
    return [st.just(Amend(step.key, {"n": 9})) for step in story.state.latest.values()]


def inept(story: Scenario) -> list[st.SearchStrategy[Stimulus]]:
    """What comes too late, too early, twice, or for the wrong step."""
    ever_known = [event.step for event in story.events if event.step is not None]
    keys = st.sampled_from([*ever_known[-20:], *(f"!{key}" for key in ever_known[-5:]), "nobody"])
    attempts = st.integers(1, 3)
    children = st.sampled_from(["another", *(step.child for step in story.state.open.values() if step.child)])
    jobs = st.sampled_from(["another", *(step.job for step in story.state.open.values() if step.job)])
    return [
        st.builds(ActionCompleted, keys, attempts, JSON, st.none() | st.just({"n": 5})),
        st.builds(ActionFailed, keys, attempts, ERRORS, st.floats(0, 0.99), st.none() | st.floats(0, 100)),
        st.builds(JobCompleted, keys, jobs, JSON, st.none() | st.just({"n": 5})),
        st.builds(JobFailed, keys, jobs, ERRORS, st.none() | st.floats(0, 100)),
        st.builds(TimersDue),
        st.builds(Signal, st.sampled_from(["x", "y", "z"]), JSON, st.none() | keys),
        st.builds(TaskCompleted, keys, st.sampled_from([None, "approved", "rejected"])),
        st.builds(ChildEnded, keys, children, ENDS, JSON, st.none() | ERRORS),
        st.builds(ChildUndone, keys, st.none() | ERRORS),
        st.sampled_from([Pause(), Resume(), Start(), *(Recovered(lost) for lost in range(1, 9))]),
        st.sampled_from([Begin(), Validate(), Submit("ann"), Approve("ann"), Reject(), RetryCompensation()]),
        st.builds(Amend, keys, st.just({"n": 7})),
        # rarely, as it ends the story
        st.sampled_from([*[TimersDue()] * 9, Cancel(), Cancel(undo=True), FAULT]),
    ]


def steering(story: Scenario) -> list[st.SearchStrategy[Stimulus]]:
    """What operators do."""
    keys = st.sampled_from([*story.state.open, "nobody"])
    return [
        st.builds(Skip, keys, JSON),
        st.builds(RetryStep, keys, st.sampled_from([None, {"n": 2}])),
        st.builds(ChangeData, st.sampled_from([{}, {"n": 6}]), st.sampled_from([[], ["n"], ["flag"]])),
    ]


def one_of(choices: list[st.SearchStrategy[Stimulus]], data: st.DataObject) -> Stimulus:
    """One of several. (Each is made for one draw only, and ``st.one_of`` would look at all of them first.)"""
    return data.draw(data.draw(st.sampled_from(choices)))


def going_back(story: Scenario, data: st.DataObject) -> Stimulus | None:
    """A rewind to some point of the story's own log, or None where it has no such point."""
    target = data.draw(st.sampled_from(Target))
    nodes = sorted({parse_key(event.step)[0] for event in story.events if event.step is not None})
    node = data.draw(st.sampled_from(nodes)) if nodes and target in (Target.BEFORE, Target.AFTER) else None
    try:
        point = story.point(target, node)
    except NoSuchPoint:
        return None
    options: dict[str, Any] = {
        "undo": data.draw(st.booleans()),
        "halts": data.draw(st.integers(0, 3)) == 0,
        "data": data.draw(st.sampled_from([None, {"n": 8}])),
        "input": data.draw(st.sampled_from([None, {"n": 7}])),
        "is_rejection": story.state.status is ExecutionStatus.SUBMITTED,
    }
    if point.failed is not None and data.draw(st.booleans()):
        failed, scope, _ = parse_key(point.failed)
        options["skip"] = [failed, scope]
    return Rewind(**from_database(point.rewind(**options)))


def whatever(story: Scenario, sketch: Sketch, data: st.DataObject) -> tuple[Stimulus, Sketch]:
    """Something happens; and the workflow that the story runs from then on."""
    match data.draw(st.integers(0, 15)):
        case 0 | 1 | 2:
            return one_of(inept(story), data), sketch
        case 3 | 4:
            return one_of(steering(story), data), sketch
        case 5 | 6:
            rewind = going_back(story, data)
            return (Resume() if rewind is None else rewind), sketch
        case 7 if data.draw(st.integers(0, 3)) == 0:
            other, names = sketch.renamed()
            return Migrate(other.program, 2, names), other
        case _:
            return one_of(apt(story), data), sketch


@thorough
@given(sketches(), st.data())
def test_no_order_of_events_breaks_an_execution_or_loses_a_token(sketch: Sketch, data: st.DataObject) -> None:
    story = Scenario(sketch.program, {"n": 1}, FACTS)
    if data.draw(st.integers(0, 9)) < 9:
        story.start()
    for _ in range(MAX_STIMULI):
        if len(story.state.open) > MAX_OPEN:
            break
        if story.state.has_ended and data.draw(st.booleans()):
            break
        story.now += data.draw(st.sampled_from([0, 1, 6, 60]))
        # the scenario checks every promise after every stimulus
        stimulus, following = whatever(story, sketch, data)
        story.feed(stimulus)
        if story.program is following.program:
            sketch = following
    story.feed(one_of(inept(story), data))


@thorough
@given(sketches(), st.data())
def test_an_execution_whose_every_step_is_done_ends_or_comes_round_again(sketch: Sketch, data: st.DataObject) -> None:
    story = Scenario(sketch.program, {"n": 1}, FACTS).start()
    for _ in range(MAX_STIMULI):
        if story.state.has_ended or len(story.state.open) > MAX_OPEN:
            return
        before = story.state.seq
        _do_one(story, data)
        assert story.state.seq > before


@thorough
@given(sketches(), st.data())
def test_a_rollback_of_everything_undoes_all_that_can_be_undone_backwards(sketch: Sketch, data: st.DataObject) -> None:
    story = Scenario(sketch.program, {"n": 1}, FACTS).start()
    for _ in range(data.draw(st.integers(0, MAX_STIMULI))):
        if story.state.has_ended or len(story.state.open) > MAX_OPEN:
            break
        _do_one(story, data)
    if story.state.started_at is None or story.state.undoing is not None:
        return
    promised = [effect.key for effect in story.point(Target.START).undone]
    before = len(story.events)
    story.rewind(Target.START, halts=True)
    while story.state.undoing is not None:
        _do_one(story, data)
    undone = [event.step for event in story.events[before:] if event.type in UNDONE]
    assert (story.status, undone, story.state.undo) == ("rolled_back", promised, {})
    assert story.state.data == {"n": 1}


UNDONE = (EventType.STEP_COMPENSATED, EventType.STEP_COMPENSATION_SKIPPED)


def _do_one(story: Scenario, data: st.DataObject) -> None:
    """One of the things that the execution waits for happens."""
    state = story.state
    match state.status:
        case ExecutionStatus.DRAFT:
            story.feed(Begin())
        case ExecutionStatus.AWAITING_VALIDATION:
            story.feed(Submit("ann"))
            if "not_valid" in str(story.turn[0].data):
                for step in list(story.state.latest.values()):
                    story.feed(Amend(step.key, {"n": 9}))
        case ExecutionStatus.SUBMITTED:
            story.feed(Approve("bob"))
        case _ if state.undoing is not None and state.undoing.stuck is not None:
            story.feed(data.draw(st.sampled_from([RetryCompensation({}), Skip(f"!{state.undoing.stuck}")])))
        case _:
            _do_step(story, state.open[data.draw(st.sampled_from(story.current))], data)


def _do_step(story: Scenario, step: Step, data: st.DataObject) -> None:
    """An open step ends well."""
    key = step.key
    if step.is_at_work:
        story.complete(key, data.draw(JSON))
    elif step.awaits_job:
        story.job(key, data.draw(JSON))
    elif step.is_undo and step.child is not None:
        story.child_undone(key[1:])
    elif step.event is not None:
        story.signal(step.event, data.draw(JSON), step=key)
    elif step.waiting == TASK:
        story.task(key, data.draw(st.sampled_from(["approved", "rejected"])))
    elif step.waiting == CHILD:
        story.child(key, output=data.draw(JSON))
    else:
        due = story.state.next_due()
        assert due is not None
        story.tick(max(0.0, due - story.now))
