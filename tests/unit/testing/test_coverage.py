"""What of a workflow tests have gone through."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.testing.workflows import SAGA, approval, call, definition

from weftline.testing import Coverage, WorkflowTest

EVERYTHING = definition(
    {"id": "size", "type": "decision", "cases": [{"when": "input.n > 9", "next": "ask"}], "default": "pay"},
    approval("ask", outcomes={"approved": "pay", "rejected": "end"}, timeout={"duration": "1d", "next": "end"}),
    call("pay", "both", onError=[{"codes": ["declined"], "next": "end"}], retry=1, when="input.n != 5"),
    {"id": "both", "type": "parallel", "branches": ["left", "right"], "join": "any", "next": "tell"},
    call("left"),
    call("right"),
    call("tell", "end", critical=False, retry=1),
    {"id": "end", "type": "end"},
    startNode="size",
)


def test_each_way_out_of_each_node_counts() -> None:
    coverage = Coverage()

    def test(**mocks: Any) -> WorkflowTest:
        made = WorkflowTest(EVERYTHING, coverage=coverage)
        for name in ("pay", "left", "right", "tell"):
            made.mock(name, **mocks.get(name, {}))
        return made

    test().run({"n": 1})
    (workflow,) = coverage
    assert workflow.missing == [
        *("size: case input.n > 9", "ask", "ask: outcome approved", "ask: outcome rejected", "ask: timeout"),
        *("pay: when false", "pay: onError 1 to end", "tell: failure tolerated"),
    ]
    assert coverage.percent == 50
    with pytest.raises(AssertionError, match=r"50.0 % is covered, not 60 %; missing:\n  story: size: case"):
        coverage.assert_at_least(60)
    test().run({"n": 5}).assert_not_visited("pay")
    test(pay={"raises": "declined"}).run({"n": 1})
    test(tell={"raises": "lost"}).run({"n": 1})
    test().run({"n": 10})
    test().answer("ask", outcome="approved").run({"n": 10})
    test().answer("ask", outcome="rejected").run({"n": 10})
    assert workflow.missing == []
    coverage.assert_at_least(100)
    assert coverage.to_json()["workflows"][0]["hits"]["size: case default"] == 4


def test_compensations_and_children_count_too() -> None:
    coverage = Coverage()
    parent = {"id": "parent", "nodes": [{"id": "sub", "type": "subworkflow", "workflow": "story", "retry": 1}]}
    test = WorkflowTest(parent, children=[SAGA], coverage=coverage).mock("reserve").mock("pay").mock("release")
    test.mock("refund").mock("ship", raises="no_stock").run().assert_failed("no_stock")
    assert {each.workflow: each.missing for each in coverage} == {"parent": [], "story": []}
    assert [len(each.targets) for each in coverage] == [1, 5]
