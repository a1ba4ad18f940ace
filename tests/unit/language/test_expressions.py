from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scopes import DictScope

from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import compile_expression
from weftline.language.program import ExpressionError


def evaluate(source: str, **values: Any) -> Any:
    return compile_expression(source).evaluate(DictScope(**values))


def failure(source: str, **values: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, **values)
    return caught.value


def problem(source: str, **options: Any) -> SyntaxProblem:
    with pytest.raises(SyntaxProblem) as caught:
        compile_expression(source, **options)
    return caught.value


def test_a_condition_reads_a_field() -> None:
    assert evaluate("customer.requiresKYC", customer={"requiresKYC": True}) is True


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("amount * 1.1", 275.0),
        ("1.1 * amount", 275.0),
        ("amount + 0.5", 250.5),
        ("0.5 - amount", -249.5),
        ("amount / 4.0", 62.5),
        ("amount % 1.5", 1.0),
        ("5.5 % 2", 1.5),
        ("1 + 1.5", 2.5),
        ("-amount * 1.0", -250.0),
        ("xs.map(x, x * 0.5)", [0.5, 1.0]),
        ("amount > 249.5", True),
        ("1 < 1.5", True),
        ("size(xs) >= 1.5", True),
        ("1 == 1.0", True),
        ("1 in [1.0]", True),
        ("amount == 250.0", True),
    ],
)
def test_whole_numbers_and_decimals_mix(source: str, value: Any) -> None:
    assert evaluate(source, amount=250, xs=[1, 2]) == value


@pytest.mark.parametrize(("source", "value"), [("1 + 1", 2), ("10 / 4", 2), ("-7 / 2", -3), ("7 % 3", 1)])
def test_whole_numbers_stay_whole(source: str, value: int) -> None:
    result = evaluate(source)
    assert result == value
    assert type(result) is int


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("timestamp('2024-02-29T12:00:00+02:00')", "2024-02-29T10:00:00Z"),
        ("duration('90s')", 90.0),
        ("b'ab'", "YWI="),
        ("null", None),
        ("{'a': [1, {'b': null}]}", {"a": [1, {"b": None}]}),
        ("'%s is %d'.format(['x', 5])", "x is 5"),
        ("'a,b'.split(',').map(s, s.upperAscii()).join('-')", "A-B"),
        ("math.greatest(1, 2)", 2),
        ("base64.encode(b'a')", "YQ=="),
        ("optional.of(1).orValue(2)", 1),
        ("r'\\d'", "\\d"),
        ("// a comment\n 1", 1),
    ],
)
def test_results_are_plain_json(source: str, value: Any) -> None:
    assert evaluate(source) == value


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("1.0 / 0.0", "out_of_range"),
        ("18446744073709551615u", "out_of_range"),
        ("{1: 2}", "type_mismatch"),
        ("int", "type_mismatch"),
        ("[string]", "type_mismatch"),
        ("optional.none()", "expression_error"),
        ("[optional.of(1)]", "expression_error"),
        ("1 / 0", "expression_error"),
        ("9223372036854775807 + 1", "expression_error"),
        ("'a'.matches('[')", "expression_error"),
        ("{'a': 1, 'a': 2}", "expression_error"),
    ],
)
def test_results_without_a_json_form_are_errors(source: str, code: str) -> None:
    assert failure(source).code == code


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("nope", "unknown_name", "no `nope` in the data"),
        ("nope + 1", "unknown_name", "no `nope` in the data"),
        ("nope.field", "unknown_name", "no `nope` in the data"),
        ("customer.nope", "no_such_field", "`customer` has no field `nope`"),
        ("customer.nope + 1", "no_such_field", "`customer` has no field `nope`"),
        ("customer.address.nope", "no_such_field", "`customer.address` has no field `nope`"),
        ("customer.nope.deeper", "no_such_field", "`customer` has no field `nope`"),
        ("xs[5]", "index_out_of_range", "`xs` has 2 items"),
        ("xs[n]", "index_out_of_range", "index=5"),
        ("xs.a", "type_mismatch", "`xs` is a list"),
        ("text.a", "type_mismatch", "not an object"),
        ("text[0]", "type_mismatch", "not a list and has no item 0"),
        ("none.a", "type_mismatch", "`none` is null"),
        ("text + n", "type_mismatch", "`+` does not work on (string, int64)"),
        ("n ? 1 : 2", "type_mismatch", "not true or false"),
        ("n && true", "type_mismatch", "`&&`"),
        ("!n", "type_mismatch", "`!`"),
        ("n.map(x, x)", "type_mismatch", "a list or an object"),
        ("[customer][0].nope", "no_such_field", "no field `nope`"),
    ],
)
def test_failures_say_what_is_wrong_and_where(source: str, code: str, message: str) -> None:
    values = {"customer": {"name": "x", "address": {}}, "xs": [1, 2], "n": 5, "text": "abc", "none": None}
    error = failure(source, **values)
    assert error.code == code
    assert message in error.message
    assert f"`{source}`" in error.message


def test_a_failure_quotes_no_more_than_a_line_of_the_source() -> None:
    source = "nope +\n" + " + ".join(["1"] * 20) + "+ 'long'.size()" * 5
    assert len(failure(source).message) < 150


@pytest.mark.parametrize("source", ["customer.nope || true", "true ? 1 : customer.nope", "has(customer.nope) || true"])
def test_what_is_absent_matters_only_where_it_is_needed(source: str) -> None:
    assert evaluate(source, customer={})


def test_has_tells_whether_a_field_is_there() -> None:
    assert evaluate("has(customer.name)", customer={"name": None}) is True
    assert evaluate("has(customer.email)", customer={"name": "x"}) is False
    assert failure("has(customer.address.city)", customer={}).code == "no_such_field"
    assert failure("has(customer.name)", customer=[]).code == "type_mismatch"


def test_optional_fields_fall_back() -> None:
    assert evaluate("customer.?email.orValue('none')", customer={}) == "none"
    assert evaluate("customer.?email.orValue('none')", customer={"email": "e"}) == "e"
    assert evaluate("customer.?a.?b.optMap(b, b + 1).orValue(0)", customer={"a": {"b": 1}}) == 2


def test_a_path_alone_is_copied_so_that_nobody_shares_it() -> None:
    items = [{"a": 1}]
    result = evaluate("order.items", order={"items": items})
    assert result == items
    assert result is not items
    assert result[0] is not items[0]


def test_only_names_that_are_used_are_looked_up() -> None:
    scope = DictScope(a=1, b=2)
    assert compile_expression("a + 1").evaluate(scope) == 2
    assert scope.asked == ["a"]


def test_variables_of_macros_are_not_names_of_the_scope() -> None:
    scope = DictScope(xs=[1, 2, 3], limit=1)
    assert compile_expression("xs.filter(x, x > limit).map(x, xs.exists(y, y == x))").evaluate(scope) == [True, True]
    assert sorted(set(scope.asked)) == ["limit", "xs"]


def test_a_macro_variable_hides_the_name_only_within_the_macro() -> None:
    assert evaluate("x + xs.map(x, x)[0]", x=10, xs=[1]) == 11


def test_only_the_part_that_a_path_leads_to_must_be_fit_for_evaluation() -> None:
    unfit: list[Any] = []
    for _ in range(1_000):
        unfit = [unfit]
    assert evaluate("input.a + 1", input={"a": 1, "unfit": unfit, "nul": "\0"}) == 2


def test_step_ids_with_hyphens_and_dots_are_read_as_meant() -> None:
    steps = {"create-customer": {"output": {"n": 1}}, "create": {"output": 5}, "a.b": {"output": 7}}
    scope = DictScope(steps=steps, customer=3)
    for source, value in (
        ("steps.create-customer.output.n", 1),
        ("steps.create-customer.output.n + steps.create.output", 6),
        ("steps.create.output-customer", 2),
        ("steps . a.b . output", 7),
        ('steps["create-customer"].output.n', 1),
        ("has(steps.create-customer.output)", True),
        ("'steps.create-customer'", "steps.create-customer"),
        ("// steps.create-customer\n1", 1),
    ):
        assert compile_expression(source, steps=steps).evaluate(scope) == value, source


def test_the_longest_step_id_wins() -> None:
    steps = {"a": {"output": 9}, "a-b": {"output": 1}, "a-b-c": {"output": 2}}
    scope = DictScope(steps=steps, d={"output": 1})
    assert compile_expression("steps.a-b-c.output", steps=steps).evaluate(scope) == 2
    assert compile_expression("steps.a-b.output", steps=steps).evaluate(scope) == 1


def test_a_source_is_kept_as_it_was_written() -> None:
    assert compile_expression("steps.a-b.output", steps={"a-b"}).source == "steps.a-b.output"


def test_unknown_steps_and_names_are_found_when_compiling() -> None:
    found = problem("steps.create-custmer.output", steps={"create-customer", "end"})
    assert found.code == "unknown_step"
    assert found.hint == "did you mean `create-customer`?"
    found = problem("custmer.name", known={"customer"})
    assert found.code == "unknown_name"
    assert found.hint == "did you mean `customer`?"
    assert compile_expression("input.a + customer.b", known={"customer"})


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("", "syntax_error", "empty"),
        ("  ", "syntax_error", "empty"),
        ("1 +", "syntax_error", "line 1, column 4"),
        ("a &&\n  b ==", "syntax_error", "line 2, column 7"),
        ("a b", "syntax_error", "line 1, column 3"),
        ("'abc", "syntax_error", "line 1"),
        ("a\0b", "syntax_error", "NUL"),
        ("'a' + 1", "type_mismatch", "`+` does not work on (string, int) (line 1, column 5"),
        ("1 + true", "type_mismatch", "line 1, column 3"),
        ("'a' < 1", "type_mismatch", "`<`"),
        ("nope(1)", "unknown_function", "`nope`"),
        ("now()", "unknown_function", "`now`"),
        ("a.nope()", "unknown_function", "`nope`"),
        ("type == 'gold'", "type_mismatch", "`==`"),
        ("a{b: 1}", "unknown_function", "`a`"),
    ],
)
def test_mistakes_are_found_when_compiling(source: str, code: str, message: str) -> None:
    found = problem(source)
    assert found.code == code
    assert message in found.message


def test_a_misspelt_function_gets_a_hint() -> None:
    assert problem("name.uperAscii()").hint == "did you mean `upperAscii`?"


def test_keys_named_like_types_are_reached_through_data() -> None:
    assert evaluate("data.type == 'gold' && data.list[0] == 1", data={"type": "gold", "list": [1]}) is True


def test_values_that_are_not_json_are_refused() -> None:
    assert failure("a + 1", a=(1, 2)).code == "expression_error"
    assert failure("a + 1", a=10**30).code == "expression_error"
    assert failure("a + 'b'", a="\ud800").code == "expression_error"


_scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_json = st.recursive(
    _scalars | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(_json)
def test_json_goes_through_the_runtime_unchanged(value: Any) -> None:
    through = evaluate("[value][0]", value=value)
    assert through == value
    assert type(through) is type(value)
    assert evaluate("value", value=value) == value


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_compiles_or_is_refused(source: str) -> None:
    with contextlib.suppress(SyntaxProblem):
        compile_expression(source)


@settings(deadline=None)
@given(st.text("xs.[]()+-*/%!&|?:<>=,'\"{} 01ab", max_size=40))
def test_anything_that_compiles_evaluates_or_fails_in_our_words(source: str) -> None:
    with contextlib.suppress(SyntaxProblem, ExpressionError):
        evaluate(source, x=1, s="s", xs=[1], a={"b": 1}, b=True)
