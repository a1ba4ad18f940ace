"""Devices and networks that are known."""

from __future__ import annotations

from uuid import uuid4

import pytest

from weftline.features.identity.devices import MAX_TOKEN, Devices, network_of
from weftline.store.vault import MasterKeys, Vault

ADA, BOB = uuid4(), uuid4()


@pytest.fixture
def devices() -> Devices:
    return Devices(Vault(MasterKeys(bytes(32))))


def test_a_token_tells_whose_device_it_is(devices: Devices) -> None:
    token = devices.token_for(ADA, None)
    assert len(token) <= MAX_TOKEN
    device = devices.read(token)
    assert device is not None and device.user_id == ADA


def test_a_device_stays_the_same_from_sign_in_to_sign_in(devices: Devices) -> None:
    device = devices.read(devices.token_for(ADA, None))
    assert devices.read(devices.token_for(ADA, device)) == device


def test_another_persons_device_becomes_a_new_one(devices: Devices) -> None:
    device = devices.read(devices.token_for(ADA, None))
    other = devices.read(devices.token_for(BOB, device))
    assert device is not None and other is not None
    assert other.user_id == BOB and other.id != device.id


def test_what_was_made_up_changed_or_sealed_elsewhere_is_no_device(devices: Devices) -> None:
    token = devices.token_for(ADA, None)
    elsewhere = Devices(Vault(MasterKeys(b"k" * 32))).token_for(ADA, None)
    for text in (None, "", "wd_", "wd_A", "wd_é", token[3:], token[:-8] + "AAAAAAA=", elsewhere):
        assert devices.read(text) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:100::1", "2001:db8:1:1ff::9", True),
        ("2001:db8:1:100::1", "2001:db8:1:200::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", False),
        (None, None, True),
        (None, "unix", False),
    ],
)
def test_a_network_is_about_what_one_household_has(one: str | None, other: str | None, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
