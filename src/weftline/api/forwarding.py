"""The address of the client, where reverse proxies stand between it and this server.

``X-Forwarded-For`` is anybody's to write. What counts of it is what proxies of ours have appended: read from its end,
the first address that is none of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

HEADER = b"x-forwarded-for"


def client_address(peer: str | None, forwarded: Sequence[bytes], proxies: Sequence[Network]) -> str | None:
    """Where a request comes from.

    Args:
        peer: the address of whoever connected; None for a unix socket.
        forwarded: the values of ``X-Forwarded-For``, in their order.
        proxies: the networks of our reverse proxies.

    Returns:
        The client's address; the last one that can be relied on, where an entry is no address.
    """
    if not proxies:
        return peer
    address = peer
    entries = b",".join(forwarded).decode("latin-1").split(",")
    while entries and _is_among(address, proxies):
        entry = entries.pop().strip()
        try:
            address = str(ip_address(entry))
        except ValueError:
            break
    return address


def _is_among(address: str | None, networks: Sequence[Network]) -> bool:
    if address is None:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
