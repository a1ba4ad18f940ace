"""Which programs read variables."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.language import load
from weftline.language.program import ExpressionError

CALL = {"id": "call", "type": "action", "action": "echo"}


def program_of(*nodes: dict[str, Any], **fields: Any) -> Any:
    return load({"id": "w", "nodes": list(nodes or [CALL]), **fields}, None)[1]


@pytest.mark.parametrize(
    ("node", "fields"),
    [
        ({"input": {"a": [{"b": "x ${ vars.A } y"}]}}, {}),
        ({"when": "has(vars.A)"}, {}),
        ({"timeout": "${ vars['A'] }"}, {}),
        ({"output": {"a": "${ [1].map(x, vars[string(x)]) }"}}, {}),
        ({"compensate": {"action": "echo", "input": "${vars.A}"}}, {}),
        ({"type": "loop", "forEach": "${vars.LIST}", "do": "call", "id": "loop"}, {}),
        ({}, {"output": {"a": "${vars.A}"}}),
    ],
)
def test_a_program_that_reads_them_anywhere_is_given_them(node: dict[str, Any], fields: dict[str, Any]) -> None:
    nodes = (node, CALL) if node.get("type") == "loop" else ({**CALL, **node},)
    assert program_of(*nodes, **fields).reads_variables


def test_a_program_that_only_speaks_of_them_is_not() -> None:
    program = program_of({**CALL, "name": "vars", "input": {"vars": "$${vars.A}", "b": "${ data.vars }"}})
    assert not program.reads_variables
    assert not program.nodes["call"].reads_variables


def test_only_nodes_whose_input_reads_them_may_be_given_secrets() -> None:
    undo = {"action": "echo", "input": "${vars.A}"}
    program = program_of(
        {**CALL, "when": "vars.A", "compensate": undo, "next": "b"}, {**CALL, "id": "b", "input": "${vars.B}"}
    )
    assert (program.nodes["call"].reads_variables, program.nodes["b"].reads_variables) == (False, True)
    assert program.nodes["call"].compensate.reads_variables


def test_a_variable_that_is_not_there_is_told_with_the_nearest_name() -> None:
    class Names:
        def lookup(self, name: str) -> Any:
            return {"vars": {"API_URL": "x"}}[name]

    template = program_of({**CALL, "input": "${vars.API_URI}"}).nodes["call"].input
    with pytest.raises(ExpressionError, match=r"no variable `API_URI`; did you mean `API_URL`\?") as raised:
        template.render(Names())
    assert raised.value.code == "unknown_name"
