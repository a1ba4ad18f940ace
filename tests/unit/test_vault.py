"""Sealed secrets."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from weftline.store.master_key import key_from_command, read_or_make_key, read_retired_keys, replace_key
from weftline.store.vault import MasterKeyError, MasterKeys, Vault, WrongMasterKey

KEY = bytes(range(32))
VAULT = Vault(MasterKeys(KEY))


def test_what_was_sealed_is_opened_again() -> None:
    assert VAULT.open(VAULT.seal(b"secret", "second factor"), "second factor") == b"secret"


def test_nothing_of_a_secret_is_seen_and_no_two_seals_are_alike() -> None:
    sealed = [VAULT.seal(b"secret", "second factor") for _ in range(100)]
    assert len(set(sealed)) == 100
    assert not [each for each in sealed if b"secret" in each]


def test_every_changed_byte_is_noticed() -> None:
    sealed = VAULT.seal(b"secret", "second factor")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(WrongMasterKey):
            VAULT.open(bytes(changed), "second factor")


def test_one_sealed_value_cannot_stand_in_for_another() -> None:
    with pytest.raises(WrongMasterKey, match="signing key"):
        VAULT.open(VAULT.seal(b"secret", "second factor"), "signing key")


def test_another_key_opens_nothing() -> None:
    with pytest.raises(WrongMasterKey):
        Vault(MasterKeys(bytes(32))).open(VAULT.seal(b"secret", "second factor"), "second factor")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(27)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(WrongMasterKey):
        VAULT.open(sealed, "second factor")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_has_256_bits(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKeys(bytes(length))


def test_a_master_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "home" / "master.key"
    key = read_or_make_key(file)
    assert len(key) == 32 and read_or_make_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("short")
    with pytest.raises(MasterKeyError):
        read_or_make_key(file)


# --- changing the master key -----------------------------------------------------------------------------------------


def test_older_master_keys_open_and_the_newest_seals() -> None:
    old, new = Vault(MasterKeys(KEY)), Vault(MasterKeys(bytes(32), (KEY,)))
    sealed = old.seal(b"secret", "second factor")
    assert new.open(sealed, "second factor") == b"secret"
    anew = new.resealed(sealed, "second factor")
    assert anew is not None and Vault(MasterKeys(bytes(32))).open(anew, "second factor") == b"secret"
    assert new.resealed(anew, "second factor") is None


def test_a_running_process_takes_up_a_new_key_from_the_file_when_it_seals_or_cannot_open(tmp_path: Path) -> None:
    file, retired = tmp_path / "master.key", tmp_path / "master.key.retired"

    def read() -> MasterKeys:
        return MasterKeys(read_or_make_key(file), read_retired_keys(retired))

    one, other = Vault(read(), read), Vault(read(), read)
    replace_key(file, retired)
    sealed = one.seal(b"secret", "thing")
    assert Vault(MasterKeys(read_or_make_key(file))).open(sealed, "thing") == b"secret"
    other._loaded_at = float("-inf")  # pyright: ignore[reportPrivateUsage] - as if it had looked long ago
    assert other.open(sealed, "thing") == b"secret"
    file.write_text("broken")
    assert other.open(other.seal(b"secret", "thing"), "thing") == b"secret"


def test_a_replaced_key_is_kept_among_the_older_ones(tmp_path: Path) -> None:
    file, retired = tmp_path / "master.key", tmp_path / "master.key.retired"
    first = read_or_make_key(file)
    replace_key(file, retired)
    second = read_or_make_key(file)
    replace_key(file, retired)
    assert read_retired_keys(retired) == (second, first)
    assert {path.stat().st_mode & 0o777 for path in (file, retired)} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master.key", "master.key.retired"]


def test_a_command_brings_the_master_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(base64.b64encode(KEY).decode())
    assert key_from_command(f"cat '{file}'") == KEY


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("false", "status 1"),
        ("echo hidden-output", "does not hold"),
        ("no-such-command-here", "cannot be run"),
        ("", "cannot be run"),
        ("'", "cannot be run"),
    ],
)
def test_a_command_that_brings_none_is_told_without_what_it_wrote(command: str, message: str) -> None:
    with pytest.raises(MasterKeyError, match=message) as raised:
        key_from_command(command)
    assert "hidden-output" not in str(raised.value)
