"""Sealed secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from weftline.features.vault import MasterKeyError, Vault, WrongMasterKey, read_or_make_key

KEY = bytes(range(32))


def test_what_was_sealed_is_opened_again() -> None:
    assert Vault(KEY).open(Vault(KEY).seal(b"secret", "second factor"), "second factor") == b"secret"


def test_nothing_of_a_secret_is_seen_and_no_two_seals_are_alike() -> None:
    sealed = [Vault(KEY).seal(b"secret", "second factor") for _ in range(100)]
    assert len(set(sealed)) == 100
    assert not [each for each in sealed if b"secret" in each]


def test_every_changed_byte_is_noticed() -> None:
    sealed = Vault(KEY).seal(b"secret", "second factor")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(WrongMasterKey):
            Vault(KEY).open(bytes(changed), "second factor")


def test_one_sealed_value_cannot_stand_in_for_another() -> None:
    with pytest.raises(WrongMasterKey, match="signing key"):
        Vault(KEY).open(Vault(KEY).seal(b"secret", "second factor"), "signing key")


def test_another_key_opens_nothing() -> None:
    with pytest.raises(WrongMasterKey):
        Vault(bytes(32)).open(Vault(KEY).seal(b"secret", "second factor"), "second factor")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(27)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(WrongMasterKey):
        Vault(KEY).open(sealed, "second factor")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_has_256_bits(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(length))


def test_a_master_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "home" / "master.key"
    key = read_or_make_key(file)
    assert len(key) == 32 and read_or_make_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("short")
    with pytest.raises(MasterKeyError):
        read_or_make_key(file)
