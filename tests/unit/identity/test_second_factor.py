"""Codes of authenticator apps, and recovery codes."""

from __future__ import annotations

import pytest
from pyotp.totp import TOTP

from weftline.features.identity.mfa.recovery_codes import COUNT, LENGTH, code_hash, new_codes, normal
from weftline.features.identity.mfa.totp import STEP_SECONDS, matching_step, new_enrolment

# RFC 6238, appendix B, with the seed of SHA-1; the last six of its eight digits
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]


@pytest.mark.parametrize(("moment", "code"), VECTORS)
def test_codes_are_those_of_the_standard(moment: int, code: str) -> None:
    assert matching_step(SEED, code, moment) == moment // STEP_SECONDS


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(steps: int, fits: bool) -> None:
    now = 1_800_000_000
    step = matching_step(SEED, TOTP(SEED).at(now + steps * STEP_SECONDS), now)
    assert step == (now // STEP_SECONDS + steps if fits else None)


@pytest.mark.parametrize("code", ["", "28708", "2870822", "abcdef", "٢٨٧٠٨٢"])
def test_what_is_no_code_fits_at_no_time(code: str) -> None:
    assert matching_step(SEED, code, 59) is None


def test_every_enrolment_has_a_secret_of_its_own() -> None:
    one, other = new_enrolment("ada@example.com"), new_enrolment("ada@example.com")
    assert one.secret != other.secret and len(one.secret) == 32


def test_recovery_codes_are_all_different_and_easy_to_copy() -> None:
    codes = new_codes()
    assert len(set(codes)) == COUNT
    for code in codes:
        assert len(normal(code)) == LENGTH
        assert code_hash(code) == code_hash(f" {code.lower().replace('-', ' ')} ")
