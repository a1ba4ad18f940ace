"""Passwords that others have used before."""

from __future__ import annotations

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from weftline.features.identity.password_policy import MIN_PASSWORD, estimate
from weftline.features.tenancy.configuration import Security

COMMONEST = 3000


def test_none_of_the_commonest_leaked_passwords_is_strong_enough_for_anybody() -> None:
    """The list holds the 30,000 commonest of ten million passwords from breaches."""
    leaked = [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= MIN_PASSWORD]
    lowest = Security.model_fields["min_password_score"].metadata[0].ge
    assert len(leaked) > 3 * COMMONEST
    # the most common ones, and every tenth of the others
    for password in (*leaked[:COMMONEST], *leaked[COMMONEST::10]):
        assert estimate(password, []).score < lowest, password


def test_writing_a_leaked_password_another_way_does_not_help() -> None:
    for password in ("P@ssw0rd", "PASSWORD", "drowssap", "Sunsh1ne!", "football1"):
        assert estimate(password, []).score < Security().min_password_score, password
