"""Hiding and masking fields."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.features.access.fields.masking import MASK, FieldMask, FieldRule, FieldRules

NOBODY = frozenset[str]()
CLERK = frozenset({"clerk"})
AUDITOR = frozenset({"auditor", "clerk"})


def rules(*wanted: tuple[str | None, str, Any, frozenset[str]]) -> FieldRules:
    return FieldRules.compile([FieldRule(*each) for each in wanted])


@pytest.mark.parametrize(
    ("path", "value", "hidden", "masked"),
    [
        ("iban", {"iban": "DE00", "name": "Ada"}, {"name": "Ada"}, {"iban": MASK, "name": "Ada"}),
        ("iban", {"a": {"b": {"iban": 1}}}, {"a": {"b": {}}}, {"a": {"b": {"iban": MASK}}}),
        ("iban", [{"iban": 1}, [{"iban": 2}]], [{}, [{}]], [{"iban": MASK}, [{"iban": MASK}]]),
        ("iban", {"iban": {"country": "DE"}}, {}, {"iban": MASK}),
        ("iban", {"iban": None}, {}, {"iban": MASK}),
        (
            "customer.iban",
            {"customer": {"iban": 1, "id": 2}},
            {"customer": {"id": 2}},
            {"customer": {"iban": MASK, "id": 2}},
        ),
        (
            "customer.iban",
            {"x": {"customer": [{"iban": 1}]}},
            {"x": {"customer": [{}]}},
            {"x": {"customer": [{"iban": MASK}]}},
        ),
        ("a.a.b", {"a": {"a": {"a": {"b": 1}}}}, {"a": {"a": {"a": {}}}}, {"a": {"a": {"a": {"b": MASK}}}}),
    ],
)
def test_a_field_is_found_at_any_depth(path: str, value: Any, hidden: Any, masked: Any) -> None:
    before = deepcopy(value)
    assert FieldMask([(path, "hide")]).apply(value) == hidden
    assert FieldMask([(path, "mask")]).apply(value) == masked
    assert value == before


@pytest.mark.parametrize(
    "value",
    [
        None,
        "iban",
        ["iban"],
        {"name": "iban", "IBAN": 1},
        {"iban": 1, "customer": {"account": {"iban": 2}}},
        {"customer": {"name": "Ada"}, "other": {"iban": 1}},
    ],
)
def test_what_holds_no_such_field_is_given_back_itself(value: Any) -> None:
    assert FieldMask([("customer.iban", "hide")]).apply(value) is value


def test_what_nothing_was_taken_from_is_shared() -> None:
    value = {"iban": 1, "items": [{"name": "pen"}]}
    result = FieldMask([("iban", "hide")]).apply(value)
    assert isinstance(result, dict) and result["items"] is value["items"]


@pytest.mark.parametrize("effects", [("hide", "mask"), ("mask", "hide")])
def test_hiding_wins_over_masking(effects: Any) -> None:
    value = {"customer": {"iban": 1}}
    assert FieldMask([("iban", effects[0]), ("customer.iban", effects[1])]).apply(value) == {"customer": {}}
    assert FieldMask([("iban", effects[0]), ("iban", effects[1])]).apply(value) == {"customer": {}}


def test_who_has_one_of_the_roles_sees_the_field() -> None:
    of_purchase = rules(("purchase", "iban", "hide", frozenset({"auditor", "treasurer"})))
    assert of_purchase.for_roles("purchase", AUDITOR) is None
    for roles in (CLERK, NOBODY):
        mask = of_purchase.for_roles("purchase", roles)
        assert mask is not None and mask.apply({"iban": 1}) == {}


def test_a_field_without_roles_is_seen_by_nobody() -> None:
    assert rules((None, "iban", "hide", NOBODY)).for_roles("purchase", frozenset({"admin"})) is not None


def test_rules_of_one_workflow_leave_others_alone_and_add_to_those_of_all() -> None:
    both = rules((None, "iban", "mask", NOBODY), ("purchase", "amount", "hide", NOBODY))
    value = {"iban": 1, "amount": 2}
    here, elsewhere = both.for_roles("purchase", CLERK), both.for_roles("other", CLERK)
    assert here is not None and here.apply(value) == {"iban": MASK}
    assert elsewhere is not None and elsewhere.apply(value) == {"iban": MASK, "amount": 2}
    assert rules(("purchase", "iban", "hide", NOBODY)).for_roles("other", CLERK) is None


def test_a_mask_is_made_once() -> None:
    one = rules((None, "iban", "hide", NOBODY))
    assert one.for_roles("purchase", CLERK) is one.for_roles("purchase", frozenset(["clerk"]))


def test_without_rules_there_is_no_mask() -> None:
    assert rules().for_roles("purchase", NOBODY) is None


KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20
)


def fields_of(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """The keys on the way to every field."""
    if isinstance(value, list):
        return set().union(*(fields_of(element, path) for element in value))
    if not isinstance(value, dict):
        return set()
    return {(*path, key) for key in value}.union(*(fields_of(child, (*path, key)) for key, child in value.items()))


@given(VALUES, st.lists(KEYS, min_size=1, max_size=3))
def test_exactly_the_fields_of_the_path_are_gone(value: Any, path: list[str]) -> None:
    def is_hidden(field: tuple[str, ...]) -> bool:
        return any(field[end - len(path) : end] == tuple(path) for end in range(len(path), len(field) + 1))

    left = FieldMask([(".".join(path), "hide")]).apply(value)
    assert fields_of(left) == {field for field in fields_of(value) if not is_hidden(field)}
