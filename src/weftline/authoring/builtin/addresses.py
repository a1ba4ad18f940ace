"""Which addresses workflows may reach.

Whoever writes a definition chooses the URLs that a worker calls from inside the network. Unless the worker
allows it, only addresses of the public internet are called: never this machine, the private network or a
cloud's metadata service. A worker may name the only hosts that are called at all.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_NOT_PUBLIC = (
    ip_network("192.0.0.0/24"),  # protocol assignments; a cloud serves metadata there
    ip_network("168.63.129.16/32"),  # a cloud's platform service, on a public address
    ip_network("64:ff9b:1::/48"),  # translation to IPv4 within one network
    ip_network("fec0::/10"),  # one site's own, of old (RFC 3879)
)
_NAT64 = IPv6Network("64:ff9b::/96")


def is_named(host: str, allowed: Collection[str]) -> bool:
    """Whether a host is one of those that are allowed.

    Args:
        host: a name or an address, as it stands in a URL.
        allowed: names and addresses in lower case; with a leading dot, every name below.
    """
    name = host.lower().rstrip(".")
    parents = name.split(".")[1:]
    return name in allowed or any(f".{'.'.join(parents[start:])}" in allowed for start in range(len(parents)))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet.

    Args:
        address: an IPv4 or IPv6 address in text, with or without a scope.
    """
    return _is_public(ip_address(address))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        embedded = _embedded(address)
        if embedded is not None:
            return _is_public(embedded)
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to ``address`` ends up at, where it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
