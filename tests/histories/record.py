"""Writes samples of today's formats, to be frozen: ``.venv/bin/python -m tests.histories.record``.

Each story below becomes a file in ``samples/``, unless there is one of that name already: a sample is never written
twice. Add a story where an event or a field of the snapshot is new.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.machine.functions import Fails, Tale
from tests.unit.machine.scenario import Scenario, action, workflow
from weftline.authoring.action import ActionRegistry
from weftline.authoring.function import DurableFunction, durable
from weftline.authoring.function_context import FunctionContext
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import (
    ActionCompleted,
    Amend,
    Approve,
    Begin,
    ChangeData,
    Migrate,
    Reject,
    RetryCompensation,
    RetryStep,
    Signal,
    Skip,
    Submit,
    Validate,
)
from weftline.model.event import EVENT_FORMAT

SAMPLES = Path(__file__).parent / "samples"
UNDO = {"action": "undo", "retry": {"maxAttempts": 2, "initialInterval": "5s", "jitter": 0}}
CHILD = {"id": "s", "type": "subworkflow", "workflow": "other", "input": {"n": "${n}"}}
FAILURE = {"code": "broken", "message": "broken", "retryable": False}


def loop() -> Scenario:
    """A loop at work: items, an alias, a failed iteration, one passed over, a step done again."""
    program = workflow(
        {"id": "l", "type": "loop", "forEach": "${xs}", "as": "x", "do": "p", "concurrency": 2, "next": "z",
         "onItemError": "continue", "continueWhen": "index == 1", "deadline": 900},
        {"id": "p", "type": "parallel", "branches": ["a", "b"], "next": "c"}, action("a", input="${x}"), action("b"),
        action("c"), action("z"), startNode="l",
    )  # fmt: skip
    story = Scenario(program, {"xs": ["k", "l", "m", "n", "o"]}).start()
    story.fail("a@l:1:0/p:1:0").complete("a@l:1:2/p:1:0", "x").complete("b@l:1:2/p:1:1", "y")
    story.feed(RetryStep("c@l:1:2")).complete("c~2@l:1:2", 2)
    return story.complete("a@l:1:3/p:1:0", "half")


def counting_loop() -> Scenario:
    """A loop over a condition whose outputs are not kept, broken off."""
    program = workflow(
        {"id": "l", "type": "loop", "while": "index < 9", "maxIterations": 9, "do": "w", "collect": False,
         "breakWhen": "result == 2", "next": "z"},
        action("w", output={"n": "${result}"}), action("z"), startNode="l",
    )  # fmt: skip
    return Scenario(program).start().complete("w@l:1:0", 1).complete("w@l:1:1", 2)


def empty_loop() -> Scenario:
    """A loop that had nothing to do; and another, which collects no outputs, at work."""
    program = workflow(
        {"id": "l", "type": "loop", "while": "false", "maxIterations": 9, "do": "w", "next": "m"}, action("w"),
        {"id": "m", "type": "loop", "forEach": [1, 2], "do": "w", "collect": False}, startNode="l",
    )  # fmt: skip
    return Scenario(program).start()


def lingering() -> Scenario:
    """One parallel step has left its last branch to finish, another has settled."""
    parallel = {"type": "parallel", "join": "any", "losers": "finish"}
    program = workflow(
        {"id": "p", "branches": ["a", "b"], "next": "q", **parallel}, action("a"), action("b"),
        {"id": "q", "branches": ["c", "d"], "next": "z", **parallel}, action("c"), action("d"), action("z"),
        startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0", 1).complete("c@q:1:0", 2)
    return story.complete("b@p:1:1", 3)


def subworkflow() -> Scenario:
    """An execution that another started has failed, and is tried again; one is not waited for."""
    start = {"id": "start", "type": "start", "next": ["s", "f"]}
    program = workflow(start, {**CHILD, "retry": 2, "timeout": 600}, {**CHILD, "id": "f", "wait": False})
    story = Scenario(program, {"n": 1}, {"execution": {"id": "parent"}}).start()
    return story.child("s", "failed", error={**FAILURE, "retryable": True}).tick(60)


def undoing() -> Scenario:
    """What was done is undone; the execution that a step started is asked to undo what it did."""
    branches = [{"next": "b", "compensate": UNDO}, "s"]
    program = workflow(
        action("a", "p", compensate=UNDO), {"id": "p", "type": "parallel", "branches": branches, "next": "c"},
        action("b", compensate={"action": "undo", "input": "${result.none}"}), CHILD, action("c"),
        settings={"errorHandling": "compensate"},
    )  # fmt: skip
    story = Scenario(program, {"n": 1}, {"execution": {"id": "parent"}}).start().complete("a", {"x": 1})
    return story.complete("b@p:1:0", {"y": 2}).child("s@p:1:1", output=3).fail("c")


def compensating() -> Scenario:
    """The same, a little later: the compensation of a branch is tried again."""
    return undoing().child_undone("s@p:1:1").fail("!p@p:1:0")


def compensation_stuck() -> Scenario:
    """One compensation was tried again in vain and passed over; the next one's input could not be made out."""
    story = undoing().child_undone("s@p:1:1", FAILURE).feed(RetryCompensation(by="ann")).child_undone("s@p:1:1")
    return story.fail("!p@p:1:0").tick(5).fail("!p@p:1:0").feed(Skip("!p@p:1:0", by="ann"))


def compensated() -> Scenario:
    """Everything was undone, and the execution failed."""
    story = undoing().child_undone("s@p:1:1").complete("!p@p:1:0").feed(Skip("!b@p:1:0", reason="known"))
    return story.complete("!a", "undone")


def _line(**settings: Any) -> Scenario:
    program = workflow(
        action("a", "b", compensate=UNDO, output={"n": "${result}"}), action("b", ["c", "d"], compensate=UNDO),
        action("c"), action("d"), action("j", dependencies=["c", "d"]), settings=settings,
    )  # fmt: skip
    return Scenario(program, {"n": 0}).start().complete("a", 1).complete("b", 2).complete("c", 3)


def rolled_back() -> Scenario:
    """Everything was undone; it rests at its beginning."""
    story = _line(timeout=3_600).signal("x", 1).rewind(Target.START, halts=True, reason="wrong", by="ann")
    return story.complete("!b").complete("!a")


def rolling_back() -> Scenario:
    """It goes back to a step; the first compensation is under way."""
    return _line().rewind(Target.AFTER, "a", data={"m": 1})


def retried() -> Scenario:
    """It failed, was retried, and went back once more without undoing anything; then it was changed by hand."""
    story = _line().fail("d").rewind(Target.FAILURE, undo=False).rewind(Target.BEFORE, "b", undo=False, input={"x": 1})
    return story.feed(ChangeData({"extra": 1}, ["n"], by="ann")).feed(Skip("nobody", message=3))


def fallback() -> Scenario:
    """Another workflow takes over."""
    handling = {"strategy": "fallback", "fallbackWorkflow": "plan-b"}
    program = workflow(action("a"), settings={"errorHandling": handling})
    return Scenario(program, {"n": 1}, {"execution": {"id": "parent"}}).start().fail("a")


def _reviewed() -> Scenario:
    rule = {"condition": "result.share <= 100", "message": "too much", "field": "share"}
    program = workflow(
        {"id": "company", "type": "form", "next": "shares", "output": {"company": "${result.data}"}},
        {"id": "shares", "type": "form", "validate": [rule]}, settings={"review": {"fourEyes": True}},
    )  # fmt: skip
    story = Scenario(program).start().feed(Begin("ann")).task("company", data={"name": "Acm"})
    return story.task("shares", data={"share": 160})


def under_review() -> Scenario:
    """Validated in vain, corrected, submitted, sent back, and submitted again."""
    story = _reviewed().feed(Validate("ann")).feed(Amend("shares", {"share": 60})).feed(Submit("ann"))
    return story.feed(Reject("look again", "bob")).feed(Amend("company", {"name": "Acme"})).feed(Submit("ann"))


def reviewed() -> Scenario:
    """Sent back to a step, filled in again, and approved."""
    story = _reviewed().feed(Amend("shares", {"share": 60})).feed(Submit("ann"))
    story.rewind(Target.BEFORE, "shares", is_rejection=True, reason="again", by="bob")
    return story.task("shares~2", data={"share": 1}).feed(Submit("ann")).feed(Approve("bob", "fine"))


def draft() -> Scenario:
    """A draft that was paused and resumed."""
    program = workflow({"id": "f", "type": "form"}, settings={"review": True})
    return Scenario(program).start().pause().resume()


def migrated() -> Scenario:
    """It goes on with another version, under other names."""
    loop = {"type": "loop", "forEach": [1, 2]}
    old = workflow(action("a", "l", compensate=UNDO), {"id": "l", "do": "w", **loop}, action("w"))
    new = workflow(action("b", "m", compensate=UNDO), {"id": "m", "do": "v", **loop}, action("v"))
    story = Scenario(old).start().complete("a", 1).complete("w@l:1:0", 1)
    return story.feed(Migrate(new, 2, {"a": "b", "l": "m", "w": "v"}, "better", "ann"))


def remote() -> Scenario:
    """A remote worker has failed at a step, and is to try again; what another one did is undone by a third."""
    undo = {"action": "undo", "queue": "returns", "timeout": "5s"}
    program = workflow(
        action("a", "b", queue="far", compensate=undo), action("b", queue="far", retry=2, timeout="60s"),
        settings={"errorHandling": "compensate"},
    )  # fmt: skip
    story = Scenario(program, {"n": 1}, {"execution": {"id": "parent"}}).start().job("a", {"x": 1}, {"m": 2})
    return story.fail_job("b").tick(60).tick(60)


def waiting_for_remote() -> Scenario:
    """A step waits for a remote worker."""
    program = workflow(action("a", queue="far", timeout="60s"))
    return Scenario(program, {"n": 1}, {"execution": {"id": "parent"}}).start()


async def _order(ctx: FunctionContext, input: Any) -> Any:
    paid = await ctx.step("pay", 10, compensate="refund", name="payment")
    await ctx.parallel(ctx.sleep("1h"), ctx.emit("paid"), ctx.child("invoice", wait=False))
    approved = await ctx.wait_for_event("approved")
    return [paid, approved, await ctx.step("ship")]


async def _other_order(ctx: FunctionContext, input: Any) -> Any:
    return await ctx.step("check")


def _durable(body: Any) -> DurableFunction:
    return durable("flow", into=ActionRegistry())(body)


def function() -> Tale:
    """A durable function at work: calls side by side, one that is done again, and one that fails."""
    story = Tale(_durable(_order), {"n": 1}, {"ship": fails}).run().wait(3_600.0)
    return story.send(RetryStep("approved", input={"n": 2})).send(Signal("approved", {"by": "ada"}))


def fails(_: Any) -> None:
    """An action that does."""
    raise Fails


def function_retried() -> Tale:
    """A durable function that failed is retried with another input, once the failed step is passed over."""
    story = function()
    story.go_back(Target.FAILURE, undo=False, input={"n": 2})
    return story.go_back(Target.BEFORE, "ship", undo=False, skip=("ship", ""), input={"by": "hand"})


def function_lost() -> Tale:
    """A durable function whose code has changed does not find its way any more."""
    story = Tale(_durable(_order), {"n": 1}).run().wait(3_600.0)
    story.change(_durable(_other_order))
    return story.send(Signal("approved"))


def reported() -> Scenario:
    """Two actions that say more of their results than their outputs."""
    story = Scenario(workflow(action("a", next="b"), action("b"))).start()
    first = {"message": "Checked.", "statusCode": 200, "metadata": {"by": "a"}, "metrics": {"calls": 1}}
    story.feed(ActionCompleted("a", 1, None, None, first))
    return story.feed(ActionCompleted("b", 1, {"user": 7}, None, {"statusCode": 201, "metrics": {"hits": 2}}))


STORIES: tuple[Callable[[], Scenario | Tale], ...] = (
    *(loop, counting_loop, empty_loop, lingering, subworkflow, undoing, compensating, compensation_stuck, compensated),
    *(rolled_back, rolling_back, retried, fallback, under_review, reviewed, draft, migrated),
    *(remote, waiting_for_remote, function, function_retried, function_lost, reported),
)


def sample_of(tell: Callable[[], Scenario | Tale]) -> dict[str, Any]:
    """A story as a file holds it."""
    story = tell()
    return {
        "about": (tell.__doc__ or "").rstrip("."),
        "eventFormat": EVENT_FORMAT,
        "input": story.input,
        "events": [
            {"seq": event.seq, "type": event.type, "step": event.step, "data": event.data, "at": event.at}
            for event in story.events
        ],
        "snapshot": story.state.to_json(),
    }


if __name__ == "__main__":
    for tell in STORIES:
        path = SAMPLES / f"{tell.__name__.replace('_', '-')}-{EVENT_FORMAT}.json"
        if not path.exists():
            path.write_text(json.dumps(sample_of(tell), indent=2) + "\n")
            print(f"wrote {path.name}")
