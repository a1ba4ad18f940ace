"""Whatever the workflow and whatever happens to it, in whatever order.

``WEFT_TEST_EXAMPLES`` sets how many workflows are tried; the default keeps the suite quick.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weftline.language import Program
from weftline.machine.step import TASK
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Cancel,
    Pause,
    Recovered,
    Resume,
    Signal,
    Start,
    Stimulus,
    TaskCompleted,
    TimersDue,
)

from .definitions import programs
from .scenario import Scenario

EXAMPLES = int(os.environ.get("WEFT_TEST_EXAMPLES", "100"))
MAX_STIMULI = 30
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
    lambda code, retryable: {"code": code, "message": code, "retryable": retryable},
    st.sampled_from(["broken", "odd"]),
    st.booleans(),
)


def apt(story: Scenario) -> st.SearchStrategy[Stimulus]:
    """What the open steps wait for, and pauses in between."""
    choices: list[st.SearchStrategy[Stimulus]] = [st.just(Resume() if story.state.is_paused else Pause())]
    for key, step in story.state.open.items():
        if step.is_at_work:
            completed = st.builds(ActionCompleted, st.just(key), st.just(step.attempt), JSON)
            failed = st.builds(ActionFailed, st.just(key), st.just(step.attempt), ERRORS, st.just(0.5))
            choices += [completed, completed, failed]
        elif step.event is not None:
            choices.append(st.builds(Signal, st.just(step.event), JSON, st.sampled_from([None, key])))
        elif step.waiting == TASK:
            choices.append(st.builds(TaskCompleted, st.just(key), st.sampled_from(["approved", "rejected"])))
        elif step.due_at is not None:
            choices.append(st.just(TimersDue()))
    return st.one_of(choices)


def inept(story: Scenario) -> st.SearchStrategy[Stimulus]:
    """What comes too late, too early, twice, or for the wrong step."""
    ever_known = [event.step for event in story.events if event.step is not None]
    keys = st.sampled_from([*ever_known[-20:], "nobody"])
    attempts = st.integers(1, 3)
    return st.one_of(
        st.builds(ActionCompleted, keys, attempts, JSON, st.none() | st.just({"n": 5})),
        st.builds(ActionFailed, keys, attempts, ERRORS, st.floats(0, 0.99), st.none() | st.floats(0, 100)),
        st.builds(TimersDue),
        st.builds(Signal, st.sampled_from(["x", "y", "z"]), JSON, st.none() | keys),
        st.builds(TaskCompleted, keys, st.sampled_from([None, "approved", "rejected"])),
        st.sampled_from([Pause(), Resume(), Start(), *(Recovered(lost) for lost in range(1, 9))]),
        # rarely, as it ends the story
        st.sampled_from([*[TimersDue()] * 9, Cancel()]),
    )


@thorough
@given(programs(), st.data())
def test_no_order_of_events_breaks_an_execution_or_loses_a_token(program: Program, data: st.DataObject) -> None:
    story = Scenario(program, {"n": 1})
    if data.draw(st.integers(0, 9)) < 9:
        story.start()
    for _ in range(MAX_STIMULI):
        if story.state.has_ended or len(story.state.open) > MAX_OPEN:
            break
        story.now += data.draw(st.sampled_from([0, 1, 6, 60]))
        # the scenario checks every promise after every stimulus
        story.feed(data.draw(apt(story) if data.draw(st.integers(0, 3)) else inept(story)))
    story.feed(data.draw(inept(story)))


@thorough
@given(programs(), st.data())
def test_an_execution_whose_every_step_is_done_ends_or_comes_round_again(program: Program, data: st.DataObject) -> None:
    story = Scenario(program, {"n": 1}).start()
    for _ in range(MAX_STIMULI):
        if story.state.has_ended or len(story.state.open) > MAX_OPEN:
            return
        before = story.state.seq
        key = data.draw(st.sampled_from(story.current))
        step = story.state.open[key]
        if step.is_at_work:
            story.complete(key, data.draw(JSON))
        elif step.event is not None:
            story.signal(step.event, data.draw(JSON), step=key)
        elif step.waiting == TASK:
            story.task(key, data.draw(st.sampled_from(["approved", "rejected"])))
        else:
            due = story.state.next_due()
            assert due is not None
            story.tick(max(0.0, due - story.now))
        assert story.state.seq > before
