from __future__ import annotations

import pytest

from weftline.authoring.builtin.addresses import is_named, is_public


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
)
def test_addresses_of_the_internet_are_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.8.9.10",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::80ff:fffe",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
    ],
)
def test_addresses_of_this_network_are_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("host", ["api.example.com", "API.Example.com.", "a.b.example.org", "192.0.2.1"])
def test_a_host_is_named_by_itself_or_by_a_domain_above_it(host: str):
    assert is_named(host, {"api.example.com", ".example.org", "192.0.2.1"})


@pytest.mark.parametrize("host", ["example.com", "evil-api.example.com", "example.org", "example.org.evil", "", "."])
def test_a_host_that_only_looks_alike_is_not_named(host: str):
    assert not is_named(host, {"api.example.com", ".example.org", "192.0.2.1"})
