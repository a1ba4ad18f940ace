from __future__ import annotations

import pytest

from weftline.language.cel_ast import Constant, decode, encode
from weftline.language.cel_runtime import Plan, parse


@pytest.mark.parametrize(
    "source",
    [
        "1",
        "-9223372036854775808",
        "1u",
        "-1.5e3",
        "0.0",
        "true",
        "false",
        "null",
        "'ü😀'",
        "b'\\xff'",
        "''",
        "[]",
        "{}",
        "[1, 'a', [2]]",
        "[1, ?o.?a]",
        "{'a': 1, 'b': {true: 2}}",
        "{?'a': o.?a}",
        "google.protobuf.Duration{seconds: 5}",
        "o.a.b",
        "o['a']",
        "has(o.a)",
        "!(1 < 2) || 3 == 4 && 'a' in ['a']",
        "size('abc') + 'abc'.size()",
        "true ? 1 : 2",
        "math.greatest(1, 2)",
        "[1, 2].map(x, x > 1, x * 2)",
        "[1, 2].filter(x, x > 1)",
        "[1, 2].all(x, x > 1) || [1].exists(x, x > 1) || [1].exists_one(x, x == 1)",
        "optional.of(1).optMap(v, v + 1).orValue(2)",
    ],
)
def test_a_tree_survives_being_written_and_read(source: str) -> None:
    tree = parse(source)
    assert decode(encode(tree)) == tree


@pytest.mark.parametrize(("source", "text"), [("'ü'", "ü"), ("1", None), ("b'x'", None)])
def test_only_string_literals_have_text(source: str, text: str | None) -> None:
    tree = parse(source)
    assert isinstance(tree, Constant)
    assert tree.text == text


def test_an_encoded_tree_evaluates_as_its_source_would() -> None:
    source = "[1, 2, 3].filter(x, x > 1).map(x, {'n': x})"
    assert Plan(parse(source)).run({}) == [{"n": 2}, {"n": 3}]
