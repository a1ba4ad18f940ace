"""Hostile expressions: each crashed, hung or filled the memory of the bare library."""

from __future__ import annotations

from typing import Any

import pytest
from scopes import DictScope

from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import MAX_MACROS, MAX_SOURCE, compile_expression
from weftline.language.json_values import MAX_DEPTH
from weftline.language.program import ExpressionError


def evaluate(source: str, **values: Any) -> Any:
    return compile_expression(source).evaluate(DictScope(**values))


def nested(depth: int, *, in_objects: bool = False) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if in_objects else [value]
    return value


@pytest.mark.parametrize(
    "source",
    [
        "(" * 2_000 + "1" + ")" * 2_000,
        "[" * 2_000 + "1" + "]" * 2_000,
        "{'a':" * 600 + "1" + "}" * 600,
        "x ? 1 : " * 400 + "1",
        "x" + ".a" * 2_000,
        "x" + "[0]" * 1_300,
        "+".join(["s"] * 2_000),
        "f(" * 1_000 + "1" + ")" * 1_000,
        "x" + ".f()" * 900,
    ],
)
def test_deeply_nested_sources_are_refused(source: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_expression(source)
    assert caught.value.code == "too_large"
    assert "32 levels" in caught.value.message


@pytest.mark.parametrize("source", ["!" * 4_000 + "true", "-" * 4_001 + "1", " && ".join(["true"] * 500)])
def test_long_flat_sources_are_fine(source: str) -> None:
    assert evaluate(source) in (True, -1)


def test_a_source_has_a_greatest_length_in_bytes() -> None:
    assert evaluate(f"'{'a' * (MAX_SOURCE - 2)}'") == "a" * (MAX_SOURCE - 2)
    for source in (f"'{'a' * (MAX_SOURCE - 1)}'", f"'{'é' * (MAX_SOURCE // 2)}'", "a" * 10_000_000):
        with pytest.raises(SyntaxProblem) as caught:
            compile_expression(source)
        assert caught.value.code == "too_large"


@pytest.mark.parametrize("macro", ["map(x, x)", "filter(x, true)", "map ( x, x )", "map\n(x, x)"])
def test_a_source_has_a_greatest_number_of_macros(macro: str) -> None:
    assert evaluate("xs" + f".{macro}" * MAX_MACROS, xs=[1]) == [1]
    with pytest.raises(SyntaxProblem) as caught:
        compile_expression("xs" + f".{macro}" * (MAX_MACROS + 1))
    assert caught.value.code == "too_large"


def test_chained_optional_macros_are_refused_before_they_double_the_tree() -> None:
    with pytest.raises(SyntaxProblem, match="25 macros"):
        compile_expression("optional.of(x)" + ".optMap(v, v)" * 25)


def test_macros_in_texts_and_comments_do_not_count() -> None:
    assert (
        evaluate("'.map(.map(.map(.map(' + \"xs.map(x, x)\" // .map(.all(.map(\n") == ".map(.map(.map(.map(xs.map(x, x)"
    )


@pytest.mark.parametrize("in_objects", [True, False])
def test_deeply_nested_values_are_refused(in_objects: bool) -> None:
    for source in ("x", "x == x", "size([x])", "{'a': x}"):
        assert evaluate(source, x=nested(MAX_DEPTH, in_objects=in_objects)) is not None
        for depth in (MAX_DEPTH + 1, 100_000):
            with pytest.raises(ExpressionError) as caught:
                evaluate(source, x=nested(depth, in_objects=in_objects))
            assert caught.value.code == "too_deep"


@pytest.mark.parametrize("value", ["a\0b", ["a\0b"], {"a\0b": 1}, {"a": {"b": "\0"}}])
def test_text_with_nul_characters_is_refused_and_not_cut(value: Any) -> None:
    for source in ("x", "[x]", "x == 1"):
        with pytest.raises(ExpressionError) as caught:
            evaluate(source, x=value)
        assert caught.value.code == "nul_character"


@pytest.mark.parametrize(
    "source", ["xs.map(x, x)", "xs.all(x, true)", "o.xs.exists(x, x < 0)", "[o][0].xs.filter(x, x > 5)"]
)
def test_macros_go_through_a_thousand_items_and_no_more(source: str) -> None:
    fits, too_many = list(range(1_000)), list(range(1_001))
    evaluate(source, xs=fits, o={"xs": fits})
    with pytest.raises(ExpressionError, match="use a `loop`") as caught:
        evaluate(source, xs=too_many, o={"xs": too_many})
    assert caught.value.code == "too_large"


def test_a_long_list_elsewhere_does_not_matter() -> None:
    assert evaluate("o.xs.map(x, x)", o={"xs": [1], "other": list(range(5_000))}) == [1]


def test_the_keys_of_an_object_count_as_items() -> None:
    with pytest.raises(ExpressionError, match="1,001"):
        evaluate("o.all(k, true)", o={str(n): n for n in range(1_001)})


_THOUSAND = list(range(1_000))
_MEGABYTE = "a" * 1_000_000
_RECORD = {str(key): key for key in range(100)}


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("xs.map(x, xs.map(y, x * y))", {"xs": _THOUSAND}),
        ("xs.map(x, xs.map(y, xs.map(z, 1)))", {"xs": _THOUSAND}),
        ("xs.exists(x, xs.exists(y, x * y < 0))", {"xs": _THOUSAND}),
        ("xs.map(x, s)", {"xs": _THOUSAND, "s": _MEGABYTE}),
        ("xs.map(x, s + 'b')", {"xs": _THOUSAND, "s": _MEGABYTE}),
        ("xs.map(x, s).join()", {"xs": _THOUSAND, "s": _MEGABYTE}),
        ("[s].map(a, (a+a+a+a+a+a)+(a+a+a+a+a+a)).map(a, [a,a,a,a,a,a]).map(a, [a,a,a,a,a])", {"s": _MEGABYTE}),
        ("s.split('').map(c, c)", {"s": "a" * 100_000}),
        ("s.split('')", {"s": _MEGABYTE * 2}),
        ("s.replace('a', s)", {"s": "a" * 10_000}),
        ("s.replace('', s).replace('', s)", {"s": "a" * 1_000}),
        ("xs.join(s)", {"xs": ["a"] * 1_000, "s": "a" * 100_000}),
        ("s.contains(t)", {"s": _MEGABYTE, "t": "a" * 500_000 + "b"}),
        ("s.indexOf(t) + s.lastIndexOf(t)", {"s": _MEGABYTE, "t": "a" * 500_000 + "b"}),
        ("s.matches('(\\\\pL|\\\\pN){300}z')", {"s": "ab" * 20_000}),
        ("s.matches(p)", {"s": "ab" * 20_000, "p": "(\\pL|\\pN){300}z"}),
        ("xs.all(x, !s.matches('(\\\\pL|\\\\pN){300}z'))", {"s": "a", "xs": _THOUSAND}),
        ("xs.all(x, !(x in ys))", {"xs": [_RECORD] * 1_000, "ys": [{**_RECORD, "99": 0}] * 1_000}),
        ("xs.all(x, s.size() > 0)", {"xs": _THOUSAND, "s": "é" * 1_000_000}),
        ("xs.all(x, base64.decode(s) != b'')", {"xs": _THOUSAND, "s": "YWJj" * 20_000}),
        ("+".join(["(" + "+".join(["s"] * 15) + ")"] * 15), {"s": _MEGABYTE}),
        ("optional.of(s).optMap(v, v+v+v+v+v+v+v+v).optMap(v, v+v+v+v+v+v+v+v+v+v).value()", {"s": _MEGABYTE}),
        ("'%s'.format([s])", {"s": _MEGABYTE * 20}),
    ],
)
def test_what_would_take_too_long_or_too_much_is_refused(source: str, values: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, **values)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("source", "values"),
    [
        (
            "xs.filter(x, x.n > 5).map(x, {'n': x.n, 't': x.t + '!'})",
            {"xs": [{"n": n, "t": "a" * 500} for n in range(900)]},
        ),
        ("os.map(o, o.xs.map(x, x * 2))", {"os": [{"xs": list(range(90))}] * 90}),
        ("xs.filter(x, x in ys)", {"xs": _THOUSAND, "ys": _THOUSAND}),
        ("s.replace(' ', '_')", {"s": "a " * 50_000}),
        ("xs.join(', ')", {"xs": ["abc"] * 1_000}),
        ("s.split(',').filter(w, w != '')", {"s": "a,b," * 100}),
        ("xs.all(x, x.matches('^[a-z.]+@[a-z.]+$'))", {"xs": ["someone@example.org"] * 900}),
        ("s.contains('needle')", {"s": _MEGABYTE}),
        ("s + s", {"s": _MEGABYTE}),
        ("xs + xs", {"xs": _THOUSAND}),
        ("'%s has %d'.format([s, 5])", {"s": "a" * 10_000}),
        ("s.lowerAscii() == s", {"s": _MEGABYTE}),
    ],
)
def test_ordinary_work_is_not_refused(source: str, values: dict[str, Any]) -> None:
    evaluate(source, **values)


@pytest.mark.parametrize(
    "source",
    [
        "'%1000000000d'.format([1])",
        "'%.1000000000f'.format([1.0])",
        "'(.{1000}){1000}'.matches('(.{1000}){1000}')",
        "int(1e300)",
        "-9223372036854775807 - 10",
        "timestamp(99999999999999)",
        "timestamp('9999-12-31T23:59:59Z') + duration('100h')",
        "duration('9999999999999h')",
        "timestamp('2020-01-01T00:00:00Z').getHours('../../etc/passwd')",
        "'abc'.substring(2, 1)",
        "'abc'.charAt(-5)",
        "math.bitShiftLeft(1, -1)",
        "google.protobuf.Any{}",
        "'%s'.format([])",
        "string(b'\\xff')",
    ],
)
def test_odd_calls_fail_cleanly(source: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(source)


def test_the_file_system_and_the_clock_are_out_of_reach() -> None:
    for source in ("open('/etc/passwd')", "__import__('os')", "now()", "google.protobuf.FileDescriptorProto{}"):
        with pytest.raises(SyntaxProblem):
            compile_expression(source)
