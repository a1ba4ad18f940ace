"""Estimating passwords."""

from __future__ import annotations

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from weftline.features.identity.password_policy import ESTIMATED, MIN_PASSWORD, estimate, own_words

LEAST = 2
"""The lowest score that a tenant may accept."""


def test_leaked_passwords_are_weak_whatever_a_tenant_accepts() -> None:
    long_enough = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= MIN_PASSWORD]
    assert len(long_enough) > 3000
    # all of them take half a minute
    for password in [*long_enough[:200], *long_enough[200::100]]:
        for spelt in (password, password.capitalize()):
            assert estimate(spelt, []).score < LEAST, spelt


@pytest.mark.parametrize("password", ["ada@example.com", "adalovelace", "Lovelace2026", "acme-corp", "weftline1"])
def test_ones_own_words_are_weak(password: str) -> None:
    words = own_words(["ada@example.com", "Ada Lovelace", "Acme Corp", "acme-corp"])
    assert estimate(password, words).score < 3


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "violín 7 sombrero azul",
        "日本語のパスワードです",
        "kX9$vQ2!mR",
        "thesearejustsmalllettersinarow",
        "84739201648392",
    ],
)
def test_no_kind_of_character_is_asked_for(password: str) -> None:
    assert estimate(password, []).score >= 3


def test_what_is_strong_at_its_beginning_is_strong_as_a_whole() -> None:
    strong = "correct horse battery staple and some"
    assert estimate(strong + "a" * 200, []).score == 4
    assert len(strong) > ESTIMATED


def test_a_weak_password_comes_with_advice() -> None:
    found = estimate("password1", [])
    assert found.warning and found.suggestions


def test_words_are_found_within_texts() -> None:
    assert {"ada", "lovelace", "example", "ada@example.com", "weftline"} <= set(
        own_words(["ada@example.com", "Ada Lovelace", "", "x"])
    )
    assert "x" not in own_words(["x"])
