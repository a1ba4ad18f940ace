"""Actions and compensations that name a task queue."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.language import load, validate

UNDO = {"action": "void-label", "queue": "returns"}


def shipping(**fields: Any) -> dict[str, Any]:
    return {"id": "w", "nodes": [{"id": "ship", "type": "action", "action": "print-label", **fields}]}


def test_what_remote_workers_carry_out_need_not_be_registered_here() -> None:
    _, program = load(shipping(queue="parcels", compensate=UNDO), actions={"echo"})
    node = program.nodes["ship"]
    assert (node.queue, node.action) == ("parcels", "print-label")
    assert node.compensate is not None
    assert (node.compensate.queue, node.compensate.action) == ("returns", "void-label")


def test_what_has_no_queue_must_be_registered() -> None:
    problems = validate(shipping(queue="parcels", compensate="void-label"), actions={"echo"}).problems
    assert [(problem.code, problem.pointer) for problem in problems] == [("unknown_action", "/nodes/0/compensate")]


@pytest.mark.parametrize("name", ["", "a b", "ü", "x/y", "-x", "x" * 129, 7, None])
def test_a_queue_is_a_name_that_fits_into_a_path(name: object) -> None:
    validation = validate(shipping(queue=name))
    if name is None:
        assert not validation.problems
    else:
        assert [problem.pointer for problem in validation.problems] == ["/nodes/0/queue"]
