"""Tenants' data keys: made once, wrapped, known to all before they seal."""

from __future__ import annotations

import asyncio

import pytest
from tests.conftest import Connect

from weftline.model.ids import DEFAULT_TENANT
from weftline.store.keyring import CannotOpen, Keyring, version_of
from weftline.store.vault import WrongMasterKey

MASTER_KEY, OTHER_KEY = bytes(32), bytes([1]) * 32


async def test_two_processes_that_need_a_tenants_first_key_at_once_get_the_same(connect: Connect) -> None:
    connections = [await connect("weft_worker"), await connect("weft_api", DEFAULT_TENANT)]
    first, second = await asyncio.gather(
        *(Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT) for connection in connections)
    )
    assert second.open(first.seal(b"secret", "thing"), "thing") == b"secret"
    assert first.mac(b"x") == second.mac(b"x") != first.mac(b"y")


async def test_what_is_sealed_is_opened_for_its_context_and_tenant_alone_and_unchanged(connect: Connect) -> None:
    cipher = await Keyring(MASTER_KEY).cipher(await connect("weft_worker"), DEFAULT_TENANT)
    sealed = cipher.seal(b"secret", "thing")
    assert b"secret" not in sealed and sealed != cipher.seal(b"secret", "thing")
    for changed in (sealed[:-1], sealed[:5] + b"x" + sealed[6:], b"\0\0\0\2" + sealed[4:], b"", b"short"):
        with pytest.raises(CannotOpen, match="thing"):
            cipher.open(changed, "thing")
    with pytest.raises(CannotOpen):
        cipher.open(sealed, "another thing")


async def test_a_key_that_is_rolled_back_seals_nothing_later(connect: Connect) -> None:
    connection, keyring = await connect("weft_worker"), Keyring(MASTER_KEY)
    transaction = connection.transaction()
    await transaction.start()
    lost = await keyring.cipher(connection, DEFAULT_TENANT)
    assert keyring.known(DEFAULT_TENANT) is None
    await transaction.rollback()
    cipher = await keyring.cipher(connection, DEFAULT_TENANT)
    assert keyring.known(DEFAULT_TENANT) is cipher
    with pytest.raises(CannotOpen):
        cipher.open(lost.seal(b"secret", "thing"), "thing")


async def test_a_new_version_seals_only_when_every_process_knows_it_and_the_old_one_opens_for_ever(
    connect: Connect,
) -> None:
    connection = await connect("weft_worker")
    before = Keyring(MASTER_KEY)
    sealed = (await before.cipher(connection, DEFAULT_TENANT)).seal(b"secret", "thing")
    assert await before.add_version(connection, DEFAULT_TENANT) == 2
    waiting = await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
    assert version_of(waiting.seal(b"", "thing")) == 1
    await connection.execute("UPDATE tenant_keys SET created_at = created_at - interval '1 hour'")
    settled = await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
    assert version_of(settled.seal(b"", "thing")) == 2
    assert settled.open(sealed, "thing") == b"secret"
    assert waiting.open(settled.seal(b"secret", "thing"), "thing") == b"secret"


async def test_only_a_master_key_that_wrapped_a_key_opens_it_and_older_ones_do_until_it_is_wrapped_anew(
    connect: Connect,
) -> None:
    connection = await connect("weft_worker")
    sealed = (await Keyring(OTHER_KEY).cipher(connection, DEFAULT_TENANT)).seal(b"secret", "thing")
    with pytest.raises(WrongMasterKey, match="master key"):
        await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
    keyring = Keyring(MASTER_KEY, [OTHER_KEY])
    assert await keyring.rewrap(connection, DEFAULT_TENANT) == 1
    assert await keyring.rewrap(connection, DEFAULT_TENANT) == 0
    cipher = await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
    assert cipher.open(sealed, "thing") == b"secret"


async def test_ciphers_in_memory_learn_new_versions_and_those_who_hold_one_see_them(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, keyring = await connect("weft_worker"), Keyring(MASTER_KEY, active_after=0)
    held = await keyring.cipher(connection, DEFAULT_TENANT)
    assert not keyring.is_stale
    await Keyring(MASTER_KEY).add_version(connection, DEFAULT_TENANT)
    monkeypatch.setattr("weftline.store.keyring.REFRESH_SECONDS", 0.0)
    assert keyring.is_stale
    await keyring.refresh(connection)
    assert held.version == 2 and keyring.known(DEFAULT_TENANT) is held
