"""What a run hands out, and when."""

from __future__ import annotations

from tests.engine.harness import action
from weftline.authoring.context import Tenant
from weftline.engine.run import Run
from weftline.engine.snapshots import Snapshots
from weftline.language import load
from weftline.machine.state import State
from weftline.machine.stimulus import ActionCompleted, Start
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.commit import Commit

FORK = {
    "id": "fork",
    "name": "Fork",
    "nodes": [
        {"id": "split", "type": "parallel", "branches": ["left", "right"]},
        action("left", next="after"),
        action("after"),
        action("right"),
    ],
}
LEFT = "left@split:1:0"


def new_run() -> Run:
    """A run of ``FORK`` that has begun, and whose beginning is in the commit under way."""
    _, program = load(FORK)
    run = Run(
        uuid7(), Tenant(DEFAULT_TENANT, "default"), "fork", 1, program, State({}), 0, snapshots=Snapshots(0, 0, 0)
    )
    run.feed(Start(), 1.0)
    run.collect(Commit())
    return run


def nodes(run: Run) -> list[str]:
    """The nodes whose actions may start now."""
    return [command.step.node for command in run.take_actions()]


def test_an_action_decided_on_during_a_commit_waits_for_the_next() -> None:
    run = new_run()
    run.feed(ActionCompleted(LEFT, 1, None), 2.0)
    assert nodes(run) == ["right"]
    run.collect(Commit())
    assert nodes(run) == ["after"]
