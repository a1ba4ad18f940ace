"""Numbers of the energy market, checked by their check digits (python-stdnum).

What a check says never repeats the number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from stdnum import ean
from stdnum.eu import eic, vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError
from stdnum.util import isdigits

GSRN_DIGITS = 18
"""Of a Global Service Relation Number, by which a point of the grid is known (GS1 General Specifications, 2.5.1)."""

_MAX_LENGTH = 64
"""Longer texts are no number, and are not looked at."""


def compact_vat(number: str) -> str:
    """A VAT number of any member state as registers write it: no separators, the country first.

    Raises:
        ValidationError: it is none.
    """
    return vat.validate(number)


def compact_eic(code: str) -> str:
    """An Energy Identification Code.

    Raises:
        ValidationError: it is none.
    """
    return eic.validate(code)


def compact_ean(number: str) -> str:
    """The EAN-GSRN of an access or delivery point: 18 digits, the last of which checks the others.

    Raises:
        ValidationError: it is none.
    """
    digits = ean.compact(number)
    if not (digits.isascii() and isdigits(digits)):
        raise ValidationError
    if len(digits) != GSRN_DIGITS:
        raise InvalidLength
    # GS1 has one rule of check digits for all its keys; stdnum's `validate` knows the shorter ones only
    if ean.calc_check_digit(digits[:-1]) != digits[-1]:
        raise InvalidChecksum
    return digits


def check_vat(value: Any) -> str | None:
    """What is wrong with a VAT number of the European Union."""
    return _checked(value, compact_vat, "a VAT number of the European Union, such as BE0403170701")


def check_eic(value: Any) -> str | None:
    """What is wrong with an Energy Identification Code."""
    return _checked(value, compact_eic, "an EIC: 16 capital letters, digits and hyphens, such as 22XWATTPLUS----G")


def check_party(value: Any) -> str | None:
    """What is wrong with the EIC of a market party, whose kind is X."""
    return check_eic(value) or _kind(value, "X", "the EIC of a market party has an X in the third place")


def check_area(value: Any) -> str | None:
    """What is wrong with the EIC of a grid area, whose kind is Y."""
    return check_eic(value) or _kind(value, "Y", "the EIC of a grid area has a Y in the third place")


def check_ean(value: Any) -> str | None:
    """What is wrong with the EAN-GSRN of an access or delivery point."""
    return _checked(value, compact_ean, "an EAN-GSRN: 18 digits, such as 541448912345678902")


def check_portfolio(value: Any) -> str | None:
    """What is wrong with a portfolio as a whole: points that are told twice, or that belong to no access point."""
    if not isinstance(value, dict):
        return None
    portfolio = cast("dict[str, Any]", value)
    access, delivery = (_points(portfolio.get(name)) for name in ("accessPoints", "deliveryPoints"))
    for what, points in (("an access point", access), ("a delivery point", delivery)):
        numbers = [ean.compact(str(point.get("ean", ""))) for point in points]
        if len(set(numbers)) < len(numbers):
            return f"{what} is there twice"
    known = {ean.compact(str(point.get("ean", ""))) for point in access}
    if any("accessPoint" in point and ean.compact(str(point["accessPoint"])) not in known for point in delivery):
        return "a delivery point lies behind an access point that is not in the portfolio"
    return None


CHECKS: dict[str, Callable[[Any], str | None]] = {
    "market-roles.vat": check_vat,
    "market-roles.eic": check_eic,
    "market-roles.eic-party": check_party,
    "market-roles.eic-area": check_area,
    "market-roles.ean": check_ean,
    "market-roles.portfolio": check_portfolio,
}
"""By the name that a JSON Schema's ``x-validator`` gives."""


def prepare() -> None:
    """Load what the checks need, so that none of them reads a file later; takes a moment."""
    vat.guess_country("0")


def _checked(value: Any, compact: Callable[[str], str], what: str) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_LENGTH:
        return f"this is not {what}"
    try:
        compact(value)
    except InvalidChecksum:
        return f"the check digit is wrong: this is not {what}"
    except InvalidLength:
        return f"the length is wrong: this is not {what}"
    except InvalidComponent:
        return f"a part of it is not known: this is not {what}"
    except ValidationError:
        return f"this is not {what}"
    return None


def _kind(value: Any, letter: str, message: str) -> str | None:
    return None if compact_eic(str(value))[2] == letter else message


def _points(value: Any) -> list[dict[str, Any]]:
    return [each for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []
