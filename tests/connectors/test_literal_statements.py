"""Nobody publishes a workflow whose statements are put together from what comes in."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.connectors import postgres as _  # noqa: F401 - registers the actions
from weftline.language import validate


def problems(**node: Any) -> list[tuple[str, str]]:
    step = {"id": "read", "type": "action", "action": "postgres.query", "next": "end", **node}
    document = {
        "id": "orders",
        "name": "Orders",
        "nodes": [{"id": "start", "type": "start", "next": "read"}, step, {"id": "end", "type": "end"}],
    }
    return [(problem.code, problem.pointer) for problem in validate(document).problems]


def test_a_statement_that_is_written_out_is_fine() -> None:
    statement = "SELECT * FROM orders WHERE id = :id"
    assert problems(input={"statement": statement, "parameters": {"id": "${data.id}"}}) == []


@pytest.mark.parametrize("statement", ["${data.sql}", "SELECT * FROM orders WHERE id = ${data.id}"])
def test_a_statement_with_an_expression_is_refused(statement: str) -> None:
    assert problems(input={"statement": statement}) == [("not_literal", "/nodes/1/input/statement")]


@pytest.mark.parametrize("input", [{"input": "${data}"}, {}], ids=["computed", "absent"])
def test_an_input_that_could_hold_any_statement_is_refused(input: dict[str, Any]) -> None:
    assert problems(**input) == [("not_literal", "/nodes/1/input")]


def test_what_undoes_a_step_is_looked_at_too() -> None:
    compensate = {"action": "postgres.execute", "input": {"statement": "DELETE FROM orders WHERE id = ${result.id}"}}
    found = problems(input={"statement": "SELECT 1"}, compensate=compensate)
    assert found == [("not_literal", "/nodes/1/compensate/input/statement")]
