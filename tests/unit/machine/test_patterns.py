"""A story for every control-flow pattern that an example under ``examples/patterns`` shows.

The patterns are those of Russell, ter Hofstede, van der Aalst and Mulyar (2006); each test has the pattern's number and
shows what makes it that pattern. Those that take several executions, or what the engine keeps outside of them, are
told in ``tests/engine/test_patterns.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from weftline.language import load
from weftline.machine.command import CommandKind
from weftline.model.event import EventType

from .scenario import Scenario

PATTERNS = Path(__file__).parents[3] / "examples" / "patterns"

CANCELLED, SKIPPED = EventType.STEP_CANCELLED, EventType.STEP_SKIPPED


def story(number: int, **input: Any) -> Scenario:
    """The pattern's example, started."""
    [path] = PATTERNS.glob(f"wcp-{number:02}-*.json")
    _, program = load(json.loads(path.read_text()), {"echo"})
    return Scenario(program, input, {"execution": {"id": "e1"}}).start()


def complete_all(told: Scenario, *keys: str) -> Scenario:
    for key in keys:
        told.complete(key)
    return told


def test_1_sequence() -> None:
    told = story(1)
    for step in ("weigh", "price", "ship"):
        assert told.current == [step]
        told.complete(step)
    assert told.status == "completed"


def test_2_parallel_split() -> None:
    assert story(2).complete("admit").current == ["examine", "register"]


def test_3_synchronization() -> None:
    told = complete_all(story(3), "admit", "register")
    assert told.current == ["examine"]
    assert told.complete("examine").current == ["treat"]


def test_4_exclusive_choice() -> None:
    assert story(4, amount=1_001).current == ["review"]
    assert story(4, amount=1_000).current == ["pay"]


def test_5_simple_merge() -> None:
    assert story(5, byCard=True).complete("charge-card").current == ["ship"]
    assert story(5, byCard=False).complete("send-invoice").current == ["ship"]


def test_6_multi_choice() -> None:
    assert story(6, services=["police", "fire-engine"]).complete("take-call").current == ["police", "fire-engine"]
    assert story(6, services=["ambulance"]).complete("take-call").current == ["ambulance"]


def test_7_structured_synchronizing_merge() -> None:
    told = story(7, services=["police", "fire-engine"]).complete("take-call")
    assert told.current == ["police", "fire-engine"]
    assert told.steps(SKIPPED) == ["ambulance"]
    assert told.complete("police").current == ["fire-engine"]
    assert told.complete("fire-engine").current == ["report"]


def test_8_multi_merge() -> None:
    told = complete_all(story(8), "receive", "lay-foundation")
    assert told.current == ["order-material", "inspect"]
    assert complete_all(told, "order-material").current == ["inspect", "inspect~2"]


def test_9_structured_discriminator() -> None:
    told = story(9).complete("ask-expert@ask-both:1:1")
    assert told.current == ["ask-adviser@ask-both:1:0", "decide"]
    told.complete("decide")
    assert told.status == "running"
    assert told.complete("ask-adviser@ask-both:1:0").status == "completed"
    assert told.count(CANCELLED) == 0
    assert "decide~2" not in told.steps(EventType.STEP_STARTED)


def test_10_arbitrary_cycles() -> None:
    assert story(10).task("draft", "given-up").current == ["drop"]
    told = story(10, text="").task("review", "rework").task("draft")
    assert told.current == ["review~2"]
    assert told.task("review~2", "accepted").current == ["publish"]


def test_11_implicit_termination() -> None:
    told = complete_all(story(11), "pack", "invoice")
    assert told.status == "running"
    assert told.complete("send").status == "completed"


def test_12_multiple_instances_without_synchronization() -> None:
    told = story(12, addresses=["a", "b"]).complete("record")
    letters = ["send-letter@each-letter:1:0", "send-letter@each-letter:1:1"]
    assert sorted(told.current) == ["close-file", *letters]
    assert complete_all(told, "close-file").current == letters


def test_13_multiple_instances_with_a_priori_design_time_knowledge() -> None:
    told = story(13)
    first, second, third = told.current
    assert complete_all(told, third, first).current == [second]
    assert told.complete(second).current == ["file"]


def test_14_multiple_instances_with_a_priori_run_time_knowledge() -> None:
    told = story(14, witnesses=["ann", "bob"])
    first, second = told.current
    assert told.state.open[second].input == {"witness": "bob"}
    assert complete_all(told, second).current == [first]
    assert told.complete(first).current == ["compare"]


def test_15_multiple_instances_without_a_priori_run_time_knowledge() -> None:
    told = story(15).signal("offer", "first").signal("offer", "second")
    first, second = [key for key in told.current if key.startswith("examine")]
    told.complete(first).signal("offer", "third").signal("closed")
    [third] = [key for key in told.current if key != second]
    assert complete_all(told, third).current == [second]
    assert told.complete(second).current == ["compare"]


def test_16_deferred_choice() -> None:
    told = story(16)
    assert len(told.current) == 2
    assert told.signal("reply").current == ["answer"]
    told = story(16).tick(14 * 86_400)
    assert told.current == ["remind"]
    assert told.commanded(CommandKind.UNSUBSCRIBE)


def test_17_interleaved_parallel_routing() -> None:
    told = story(17)
    done: list[str] = []
    for outcome in ("findings", "x-ray", "findings", "blood"):
        [choice] = told.current
        told.task(choice, outcome)
        [step] = told.current
        if not step.startswith("choose"):
            done.append(step.partition("@")[0])
            told.complete(step)
    # findings could not be written before the x-ray
    assert done == ["take-x-ray", "write-findings", "take-blood"]
    assert told.current == ["diagnose"]


def test_18_milestone() -> None:
    assert story(18).signal("offer").current == ["deadline", "accept"]
    assert story(18).signal("deadline").signal("offer").current == ["refuse"]


def test_19_cancel_task() -> None:
    told = story(19).signal("withdraw")
    assert told.commanded(CommandKind.ABORT) == ["assess@assessment:1:0"]
    assert told.current == ["close"]
    assert story(19).complete("assess@assessment:1:0").current == ["close"]


def test_20_cancel_case() -> None:
    told = story(20).complete("open").cancel()
    assert told.commanded(CommandKind.ABORT) == ["value", "insure"]
    assert told.status == "cancelled"


def test_21_structured_loop() -> None:
    told = story(21, reminders=2)
    for number in range(2):
        assert told.current == [f"remind@remind-all:1:{number}"]
        told.complete(told.current[0])
    assert told.current == ["settle"]
    assert story(21, reminders=0).current == ["settle"]


def test_24_persistent_trigger() -> None:
    told = story(24).signal("courier")
    assert told.current == ["unpack"]
    assert told.signal("unpacked").current == ["hand-over"]


def test_25_cancel_region() -> None:
    told = story(25).complete("plan@trip:1:0").signal("called-off")
    assert sorted(told.commanded(CommandKind.ABORT)) == ["book-flight@trip:1:0", "book-room@trip:1:0"]
    assert told.current == ["settle"]


def test_26_cancel_multiple_instance_activity() -> None:
    told = story(26, parts=["hull", "mast", "keel"]).complete("inspect@inspections:1:0/each-part:1:1")
    told.signal("recalled")
    assert len(told.commanded(CommandKind.ABORT)) == 2
    assert told.status == "completed"
    assert "approve@inspections:1:0" not in told.steps(EventType.STEP_STARTED)


def test_27_complete_multiple_instance_activity() -> None:
    told = story(27, people=["ann", "bob", "cat"]).complete("ask@survey:1:0/each-person:1:2")
    told.signal("enough")
    assert len(told.commanded(CommandKind.ABORT)) == 2
    assert told.current == ["evaluate"]


def _play_rounds(number: int, enough: list[str], late: str) -> None:
    """A round goes on when enough have answered, and the next begins when all have."""
    told = story(number, rounds=2)
    ask = "ask-both" if number == 28 else "ask-three"
    for round in range(2):
        scope = f"rounds:1:{round}"
        for step in enough:
            [key] = [key for key in told.current if key.startswith(step)]
            told.complete(key)
        assert f"decide@{scope}" in told.current
        told.complete(f"decide@{scope}")
        [left] = told.current
        assert left.startswith(f"{late}@{scope}/{ask}")
        told.complete(left)
    assert told.status == "completed"
    assert len([key for key in told.steps(EventType.STEP_COMPLETED) if str(key).startswith("decide")]) == 2


def test_28_blocking_discriminator() -> None:
    _play_rounds(28, ["ask-expert"], "ask-adviser")


def test_29_cancelling_discriminator() -> None:
    told = story(29).complete("ask-adviser@ask-both:1:0")
    assert told.commanded(CommandKind.ABORT) == ["ask-expert@ask-both:1:1"]
    assert told.current == ["decide"]


def test_30_structured_partial_join() -> None:
    told = complete_all(story(30), "ask-auditor@ask-three:1:2", "ask-adviser@ask-three:1:0")
    assert told.current == ["ask-expert@ask-three:1:1", "decide"]
    assert complete_all(told, "ask-expert@ask-three:1:1", "decide").status == "completed"
    assert told.count(CANCELLED) == 0


def test_31_blocking_partial_join() -> None:
    _play_rounds(31, ["ask-auditor", "ask-expert"], "ask-adviser")


def test_32_cancelling_partial_join() -> None:
    told = complete_all(story(32), "ask-auditor@ask-three:1:2", "ask-adviser@ask-three:1:0")
    assert told.commanded(CommandKind.ABORT) == ["ask-expert@ask-three:1:1"]
    assert told.current == ["decide"]


def test_33_generalised_and_join() -> None:
    told = complete_all(story(33), "open-shift", "frame-a", "frame-b")
    assert told.current == ["wheels-a", "wheels-b"]
    assert told.complete("wheels-b").current == ["wheels-a", "assemble"]
    assert told.complete("wheels-a").current == ["assemble", "assemble~2"]


def test_35_cancelling_partial_join_for_multiple_instances() -> None:
    told = story(35, reviewers=["ann", "bob", "cat"])
    first, second, third = told.current
    complete_all(told, third, first)
    assert told.commanded(CommandKind.ABORT) == [second]
    assert told.current == ["decide"]


def test_36_dynamic_partial_join_for_multiple_instances() -> None:
    told = story(36, needed=2).signal("offer", 1).signal("offer", 2).signal("offer", 3)
    first, second, late = [key for key in told.current if key.startswith("examine")]
    complete_all(told, first, second)
    assert "award" in told.current
    told.signal("offer", 4)
    assert told.current == [late, "award"]
    assert complete_all(told, late, "award").status == "completed"
    assert "award~2" not in told.steps(EventType.STEP_STARTED)


def test_37_local_synchronizing_merge() -> None:
    told = story(37, amount=5_000, isDigital=True, isAbroad=False).complete("receive")
    assert told.steps(SKIPPED) == ["check-stock", "clear-customs"]
    assert complete_all(told, "check-credit", "confirm").current == ["ship"]
    told = story(37, amount=5, isDigital=False, isAbroad=True)
    assert complete_all(told, "receive", "check-stock").current == ["clear-customs", "confirm"]
    assert told.complete("confirm").current == ["clear-customs"]
    assert told.complete("clear-customs").current == ["ship"]


def test_38_general_synchronizing_merge() -> None:
    surgery, medicine = "surgery@treatment:1:0", "medicine@treatment:1:0"
    told = story(38, wards=["surgery"]).complete("triage@treatment:1:0").task(surgery, "refer").task(medicine, "refer")
    assert told.current == ["surgery~2@treatment:1:0"]
    assert told.task("surgery~2@treatment:1:0", "healed").current == ["discharge"]
    told = story(38, wards=["surgery", "medicine"]).complete("triage@treatment:1:0").task(surgery, "healed")
    assert told.current == [medicine]
    assert told.task(medicine, "healed").current == ["discharge"]


def test_40_interleaved_routing() -> None:
    told = story(40, order=["test-radio", "test-oxygen", "test-fuel"])
    order: list[str] = []
    for _ in range(3):
        [step] = told.current
        order.append(step.partition("@")[0])
        told.complete(step)
    assert order == ["test-radio", "test-oxygen", "test-fuel"]
    assert told.current == ["launch"]


def test_41_thread_merge() -> None:
    told = complete_all(story(41), "check~2", "check")
    assert told.current == ["check~3"]
    assert told.complete("check~3").current == ["drive"]


def test_42_thread_split() -> None:
    told = story(42).complete("lay-out")
    assert told.current == ["proofread", "proofread~2", "proofread~3"]
    assert complete_all(told, *told.current).current == ["print", "print~2", "print~3"]


def test_43_explicit_termination() -> None:
    told = complete_all(story(43), "open", "settle")
    assert told.commanded(CommandKind.ABORT) == ["search"]
    assert told.status == "completed"
