"""Whose word counts on where a request comes from."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from weftline.api.forwarding import client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize("forwarded", [[], [b"192.0.2.1"], [b"192.0.2.1, 10.0.0.1"]])
def test_a_stranger_says_nothing_about_its_address(forwarded: list[bytes]) -> None:
    assert client_address("203.0.113.9", forwarded, PROXIES) == "203.0.113.9"
    assert client_address("10.0.0.1", forwarded, ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ([b"192.0.2.1"], "192.0.2.1"),
        ([b"192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ([b"192.0.2.1", b"10.0.0.2,10.0.0.3"], "192.0.2.1"),
        ([b"2001:db8::1, fd00::2"], "2001:db8::1"),
    ],
)
def test_a_proxy_tells_who_asked_it(forwarded: list[bytes], address: str) -> None:
    assert client_address("10.0.0.1", forwarded, PROXIES) == address


def test_what_a_client_put_in_front_of_its_own_address_counts_for_nothing() -> None:
    assert client_address("10.0.0.1", [b"127.0.0.1, 192.0.2.1"], PROXIES) == "192.0.2.1"
    assert client_address("10.0.0.1", [b"10.0.0.9, 192.0.2.1"], PROXIES) == "192.0.2.1"


@pytest.mark.parametrize("forwarded", [[], [b""], [b"unknown"], [b"192.0.2.1, \xff\xfe"], [b"192.0.2.1:80"]])
def test_where_nothing_can_be_read_the_proxy_itself_is_held_to_it(forwarded: list[bytes]) -> None:
    assert client_address("10.0.0.1", forwarded, PROXIES) == "10.0.0.1"


def test_a_unix_socket_has_no_address() -> None:
    assert client_address(None, [b"192.0.2.1"], PROXIES) is None
