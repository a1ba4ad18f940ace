"""Step keys say which activation of a node is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.model.stepkey import (
    ROOT,
    branch_prefix,
    branch_scope,
    depth_of,
    is_within,
    key_of,
    owner_of,
    parse_key,
    place_of,
)

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,10}", fullmatch=True)
counts = st.integers(1, 1000)


@st.composite
def scopes(draw: st.DrawFn) -> str:
    scope = ROOT
    for node, visit, branch in draw(st.lists(st.tuples(names, counts, st.integers(0, 1000)), max_size=3)):
        scope = branch_scope(node, scope, visit, branch)
    return scope


@given(names, scopes(), counts)
def test_a_key_can_be_taken_apart_again(node: str, scope: str, visit: int) -> None:
    assert parse_key(key_of(node, scope, visit)) == (node, scope, visit)


@given(names, scopes(), counts, st.integers(0, 1000))
def test_a_branch_knows_its_parallel_step_and_its_number(node: str, scope: str, visit: int, branch: int) -> None:
    inner = branch_scope(node, scope, visit, branch)
    assert owner_of(inner) == (key_of(node, scope, visit), branch)
    assert inner.startswith(branch_prefix(node, scope, visit))
    assert depth_of(inner) == depth_of(scope) + 1
    assert is_within(inner, scope)
    assert not is_within(scope, inner)


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("reserve", ("reserve", "", 1)),
        ("reserve~3", ("reserve", "", 3)),
        ("reserve@split:1:0", ("reserve", "split:1:0", 1)),
        ("pay~2@split:1:0/inner:1:2", ("pay", "split:1:0/inner:1:2", 2)),
    ],
)
def test_keys_read_as_documented(key: str, parts: tuple[str, str, int]) -> None:
    assert parse_key(key) == parts
    assert key_of(*parts) == key


def test_a_place_is_a_first_activation_s_key() -> None:
    assert place_of("a", "p:1:0") == key_of("a", "p:1:0", 1)
    assert place_of("a", ROOT) == "a"


def test_branches_with_similar_numbers_are_not_within_each_other() -> None:
    assert not is_within("p:1:10", "p:1:1")
    assert not is_within("p:11:0", "p:1:0")
