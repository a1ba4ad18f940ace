"""Numbers of the market are told from what only looks like them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.eu import vat

from weftline_market_roles.checks import (
    CHECKS,
    check_area,
    check_ean,
    check_eic,
    check_party,
    check_portfolio,
    check_vat,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "number",
    ["BE0403170701", "BE 0403.170.701", "DE136695976", "FR61954506077", "NL123456789B13", "ATU57194903", "LU15027442",
     "ESB58378431", "IT00743110157", "EL094259216", "be0403170701"],
)  # fmt: skip
def test_vat_numbers_of_every_country_are_known(number: str):
    assert check_vat(number) is None


@pytest.mark.parametrize(
    ("number", "said"),
    [("BE0403170702", "check digit"), ("BE04031708", "length"), ("US123456789", "not known"), ("", "VAT"),
     (70403, "VAT"), ("BE0403170701" * 20, "VAT"), ("BE04031707O1", "VAT")],
)  # fmt: skip
def test_what_is_no_vat_number_is_told_without_repeating_it(number: Any, said: str):
    message = check_vat(number)
    assert message is not None and said in message
    assert not str(number) or str(number) not in message


def test_an_eic_is_checked_with_its_kind():
    assert check_eic("22XWATTPLUS----G") is None
    assert check_party("22XWATTPLUS----G") is None
    assert check_area("22YGRID-AREA---U") is None
    assert "X in the third place" in str(check_party("22YGRID-AREA---U"))
    assert "Y in the third place" in str(check_area("22XWATTPLUS----G"))
    assert "check digit" in str(check_eic("22XWATTPLUS----X"))
    assert "length" in str(check_party("22XWATTPLUS"))


@pytest.mark.parametrize("number", ["541448912345678902", "541448 9123 4567 8919", "541448923456789012"])
def test_an_ean_of_a_point_has_eighteen_digits_of_which_the_last_checks(number: str):
    assert check_ean(number) is None


@pytest.mark.parametrize(
    ("number", "said"),
    [("541448912345678908", "check digit"), ("9780471117094", "length"), ("54144891234567890X", "EAN"),
     ("٥٤١٤٤٨٩١٢٣٤٥٦٧٨٩٠٢", "EAN"), (541448912345678902, "EAN")],
)  # fmt: skip
def test_what_is_no_ean_of_a_point_is_told(number: Any, said: str):
    assert said in str(check_ean(number))


def test_every_digit_of_an_ean_counts():
    right = "541448912345678902"
    for index, digit in enumerate(right):
        wrong = f"{right[:index]}{(int(digit) + 1) % 10}{right[index + 1 :]}"
        assert check_ean(wrong) is not None, wrong


def test_a_portfolio_names_each_point_once_and_delivers_behind_its_own_access_points():
    access, delivery = {"ean": "541448912345678902"}, {"ean": "541448912345678919", "accessPoint": "541448912345678902"}
    assert check_portfolio({"accessPoints": [access], "deliveryPoints": [delivery]}) is None
    assert (
        check_portfolio({"accessPoints": [access, {"ean": "5414489 12345678902"}]}) == "an access point is there twice"
    )
    assert "not in the portfolio" in str(check_portfolio({"accessPoints": [], "deliveryPoints": [delivery]}))
    assert "twice" in str(check_portfolio({"accessPoints": [access], "deliveryPoints": [delivery, delivery]}))


@settings(deadline=None)
@given(JSON, st.sampled_from(sorted(CHECKS)))
def test_no_check_fails_whatever_it_is_given(value: Any, name: str):
    assert isinstance(CHECKS[name](value), str | None)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(vat.MEMBER_STATES | {"el", "eu", "im"})), st.text(max_size=16))
def test_nor_does_that_of_vat_numbers_of_any_country(country: str, rest: str):
    assert isinstance(check_vat(country + rest), str | None)


@settings(deadline=None)
@given(JSON)
def test_nor_does_that_of_a_portfolio(value: Any):
    assert isinstance(check_portfolio({"accessPoints": [value, {"ean": value}], "deliveryPoints": value}), str | None)
