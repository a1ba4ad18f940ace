"""Sealed payloads: what opens them, and what does not."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.store.errors import Unstorable
from weftline.store.keyring import CannotOpen, TenantCipher
from weftline.store.sealing import Seal, event_place, is_sealed

TENANT, OTHER_TENANT, EXECUTION, OTHER = (UUID(int=number) for number in range(4))
SETTLED = 1_000.0


def cipher_of(tenant: UUID, *keys: bytes) -> TenantCipher:
    cipher = TenantCipher(tenant)
    cipher.know((version, key, SETTLED) for version, key in enumerate(keys, 1))
    return cipher


CIPHER = cipher_of(TENANT, b"k" * 32)
SEAL = Seal(CIPHER, EXECUTION)


@given(st.binary(), st.text())
def test_a_payload_opens_as_it_was(plain: bytes, place: str) -> None:
    sealed = SEAL.close(plain, place)
    assert is_sealed(sealed)
    assert SEAL.open(sealed, place) == plain
    assert sealed != SEAL.close(plain, place)


def test_a_payload_opens_only_where_it_belongs() -> None:
    sealed = SEAL.close(b'{"a":1}', event_place(1))
    for seal, place in (
        (SEAL, event_place(2)),
        (SEAL.of(OTHER), event_place(1)),
        (Seal(cipher_of(OTHER_TENANT, b"x" * 32), EXECUTION), event_place(1)),
    ):
        with pytest.raises(CannotOpen):
            seal.open(sealed, place)


def test_every_changed_character_is_noticed() -> None:
    sealed = SEAL.close(b'{"a":1}', "input")
    for position, character in enumerate(sealed):
        changed = sealed[:position] + ("A" if character != "A" else "B") + sealed[position + 1 :]
        if position == len(sealed) - 1:
            # the closing quote, without which it is no JSON and never comes from the database
            continue
        with pytest.raises(CannotOpen):
            SEAL.open(changed, "input")


@pytest.mark.parametrize("text", ['{"a":1}', '"sealed:"', '"sealed:AAAA"', '"sealed:no base64"', '"text"', "null"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(CannotOpen):
        SEAL.open(text, "input")


def test_what_an_older_version_of_the_key_sealed_opens_and_newer_payloads_have_the_newer_one() -> None:
    old = SEAL.close(b"1", "input")
    rotated = Seal(cipher_of(TENANT, b"k" * 32, b"n" * 32), EXECUTION)
    assert rotated.open(old, "input") == b"1"
    with pytest.raises(CannotOpen):
        SEAL.open(rotated.close(b"1", "input"), "input")


def test_an_error_shows_its_code_and_nothing_else() -> None:
    error = {"code": "declined", "message": "card 4711", "details": {"card": 4711}}
    stored = SEAL.close_error(error)
    assert stored.keys() == {"code", "$sealed"}
    assert stored["code"] == "declined"
    assert "4711" not in str(stored)
    assert SEAL.open_error(stored) == error


def test_what_postgresql_would_refuse_is_refused_sealed_too() -> None:
    with pytest.raises(Unstorable):
        SEAL.close_text('{"a":"\\u0000"}', "input")
    with pytest.raises(Unstorable):
        SEAL.close_value("\0", "input")
