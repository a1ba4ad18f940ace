from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scopes import DictScope

from weftline.language.errors import SyntaxProblem
from weftline.language.program import ExpressionError
from weftline.language.templates import compile_template, find_syntax_problems


def render(template: Any, **values: Any) -> Any:
    return compile_template(template).render(DictScope(**values))


@pytest.mark.parametrize("value", [None, True, 0, 1.5, [1, 2], {"a": {"b": None}}, "text", ""])
def test_a_lone_expression_keeps_its_type(value: Any) -> None:
    result = render("${value}", value=value)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello ${name}!", "Hello Ada!"),
        ("${name}${name}", "AdaAda"),
        (" ${name}", " Ada"),
        ("n=${1 + 1}, f=${2.5}, b=${true}, none=${null}.", "n=2, f=2.5, b=true, none=."),
        ("${xs} and ${o}", '[1,"b"] and {"k":null}'),
        ("costs $5", "costs $5"),
        ("$${name}", "${name}"),
        ("$${name} is ${name}", "${name} is Ada"),
        ("$$${name}", "$${name}"),
        ("$ {name}", "$ {name}"),
        ("}{", "}{"),
        ("${'}'}", "}"),
        ("${'a}b' + \"{\"}!", "a}b{!"),
        ("<${{'a': {'b': 1}}}>", '<{"a":{"b":1}}>'),
        ("<${ '''}''' // } comment\n }>", "<}>"),
        ("<${r'\\}'}>", "<\\}>"),
        ("<${'\\'}'}>", "<'}>"),
    ],
)
def test_expressions_are_written_into_text(template: str, text: str) -> None:
    assert render(template, name="Ada", xs=[1, "b"], o={"k": None}) == text


def test_templates_nest_in_lists_and_objects() -> None:
    template = {"a": ["${x}", "x is ${x}", {"b": "${x + 1}"}], "c": 1, "${x}": "keys are not templates"}
    assert render(template, x=1) == {"a": [1, "x is 1", {"b": 2}], "c": 1, "${x}": "keys are not templates"}


def test_constants_are_copied_and_read_nothing() -> None:
    value = {"a": [1, {"b": "$${x}"}]}
    template = compile_template(value)
    scope = DictScope()
    first, second = template.render(scope), template.render(scope)
    assert first == second == {"a": [1, {"b": "${x}"}]}
    first["a"][1]["b"] = "changed"
    assert second["a"][1]["b"] == "${x}"
    assert scope.asked == []


@pytest.mark.parametrize("template", ["${", "${a", "${ {'a': 1} ", "${'}'", "$${a} ${"])
def test_an_unclosed_expression_is_refused(template: str) -> None:
    with pytest.raises(SyntaxProblem, match="no closing"):
        compile_template(template)


@pytest.mark.parametrize("template", ["${}", "${ }", "a ${} b"])
def test_an_empty_expression_is_refused(template: str) -> None:
    with pytest.raises(SyntaxProblem, match="empty"):
        compile_template(template)


def test_a_syntax_error_tells_the_path_to_its_text() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_template({"a": [1, {"b": "${1 +}"}]})
    assert caught.value.path == ("a", 1, "b")
    assert caught.value.code == "syntax_error"


def test_all_syntax_errors_are_found_at_once() -> None:
    problems = find_syntax_problems({"a": "${1 +}", "b": ["ok ${x}", "${nope()}"]})
    assert [(found.path, found.code) for found in problems] == [
        (("a",), "syntax_error"),
        (("b", 1), "unknown_function"),
    ]


def test_deeply_nested_templates_are_refused() -> None:
    value: Any = "x"
    for _ in range(10_000):
        value = [value]
    with pytest.raises(SyntaxProblem, match="64 levels"):
        compile_template(value)


def test_failures_of_expressions_come_through() -> None:
    with pytest.raises(ExpressionError, match="no `nope`"):
        render({"a": "it is ${nope}"})


def test_text_does_not_grow_without_bounds() -> None:
    with pytest.raises(ExpressionError) as caught:
        render("${x}" * 20, x="a" * 100_000)
    assert caught.value.code == "too_large"


def test_names_of_steps_are_known_to_templates() -> None:
    template = compile_template("${steps.create-it.output}", steps={"create-it"})
    assert template.render(DictScope(steps={"create-it": {"output": 5}})) == 5


_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(_json)
def test_escaped_values_render_to_themselves(value: Any) -> None:
    escaped = json.loads(json.dumps(value).replace("${", "$${"))
    if "$$" not in json.dumps(value):
        assert render(_values_only(escaped)) == _values_only(value)


def _values_only(value: Any) -> Any:
    """Without ``${`` in keys, which are not templates and would have been escaped too."""
    if isinstance(value, dict):
        return {f"k{n}": _values_only(item) for n, item in enumerate(value.values())}
    return [_values_only(item) for item in value] if isinstance(value, list) else value


@settings(deadline=None)
@given(_texts, st.text("ab'\"{}", max_size=10))
def test_braces_and_quotes_in_literals_do_not_end_an_expression(around: str, inside: str) -> None:
    if "$" in around:
        return
    literal = json.dumps(inside)
    assert render(around + "${" + literal + "}" + around) == (around + inside + around if around else inside)
