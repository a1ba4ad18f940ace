from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.language.cel_runtime import Plan, RuntimeFailure, parse
from weftline.language.cost import can_grow, estimate, measure
from weftline.language.program import ExpressionError

GROWING = [
    "s + s + t",
    "[s, t] + xs",
    "{'a': s, 'b': {'c': xs}}",
    "s.replace(t, s)",
    "s.replace('a', t).replace('b', s)",
    "s.split(t)",
    "s.split('').map(c, c + s)",
    "xs.join(s)",
    "xs.join(s).split('a').join(t)",
    "xs.map(x, x + s)",
    "xs.map(x, [x, x]).map(p, p[0] + p[1])",
    "xs.map(x, ys.map(y, y + x))",
    "xs.filter(x, x.size() > 1).map(x, [x, s])",
    "ys.map(y, xs.filter(x, x != y))",
    "[s].map(a, a + a + a).map(a, [a, a, a])",
    "optional.of(s).optMap(v, v + v).orValue(t)",
    "b ? xs : ys",
    "'%s and %s'.format([xs, s])",
    "strings.quote(s) + s.upperAscii()",
    "base64.encode(bytes(s))",
    "os.map(o, o.xs.map(x, x + s))",
    "os.filter(o, o.xs.exists(x, x == s)).map(o, {'xs': o.xs + xs})",
]
_texts = st.text('ab, \u00e9"\\\\', max_size=12)
_lists = st.lists(_texts, max_size=5)


@pytest.mark.parametrize("source", GROWING)
@settings(max_examples=25, deadline=None)
@given(s=_texts, t=_texts, xs=_lists, ys=_lists, others=st.lists(_lists, max_size=3), b=st.booleans())
def test_no_result_is_larger_than_its_bound(
    source: str, s: str, t: str, xs: list[str], ys: list[str], others: list[list[str]], b: bool
) -> None:
    values: dict[str, Any] = {"s": s, "t": t, "xs": xs, "ys": ys, "os": [{"xs": other} for other in others], "b": b}
    tree = parse(source)
    try:
        result = Plan(tree).run(values)
    except (RuntimeFailure, ExpressionError):
        return
    bound = estimate(tree, values)
    actual = measure(result)
    assert actual.weight <= bound.weight
    assert actual.items <= bound.items or not isinstance(result, list)


@pytest.mark.parametrize(
    "source",
    ["a.b", "a + b * 1.5", "a == b && !c", "s.startsWith('x')", "s.contains('needle')", "size(xs) > 3 ? a : b"],
)
def test_expressions_that_cannot_grow_are_not_measured(source: str) -> None:
    assert not can_grow(parse(source))


@pytest.mark.parametrize("source", [*GROWING[3:10], "s.contains(t)", "s.matches('a')", "a+a+a+a+a+a+a+a+a+a"])
def test_expressions_that_can_grow_are_measured(source: str) -> None:
    assert can_grow(parse(source))
