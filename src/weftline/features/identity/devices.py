"""Devices from which somebody signed in before: they are known by a token that each sign-in hands back.

The token tells who signed in with it and a random number of the device, sealed under the master key. It proves nothing
but that; who has it still needs the password. It keeps others' failed tries from being held against this device.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from secrets import token_bytes
from uuid import UUID

from weftline.store.vault import Vault, WrongMasterKey

PREFIX = "wd_"
MAX_TOKEN = 160
"""Characters of the longest device token that is looked at."""

_CONTEXT = "device token"
_ID_BYTES = 16
_IPV4_PREFIX, _IPV6_PREFIX = 24, 56


@dataclass(frozen=True, slots=True)
class Device:
    """A device from which a person has signed in.

    Attributes:
        user_id: the person.
        id: random.
    """

    user_id: UUID
    id: bytes


class Devices:
    """Makes and reads device tokens.

    Args:
        vault: seals them.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def token_for(self, user_id: UUID, device: Device | None) -> str:
        """The token of a device from which somebody has just signed in.

        Args:
            user_id: the person.
            device: the device, where it was known to be theirs; else it becomes one.
        """
        id = device.id if device is not None and device.user_id == user_id else token_bytes(_ID_BYTES)
        return PREFIX + base64.urlsafe_b64encode(self._vault.seal(user_id.bytes + id, _CONTEXT)).decode()

    def read(self, token: str | None) -> Device | None:
        """The device of a token; None where it is none of ours."""
        if token is None or not token.startswith(PREFIX):
            return None
        try:
            plain = self._vault.open(base64.urlsafe_b64decode(token.removeprefix(PREFIX)), _CONTEXT)
        except (binascii.Error, ValueError, WrongMasterKey):
            return None
        return Device(UUID(bytes=plain[:_ID_BYTES]), plain[_ID_BYTES:])


def network_of(address: str | None) -> str:
    """The network that an address belongs to, about as large as what one household or host is given.

    Args:
        address: IPv4 or IPv6; None, or anything else, stands for itself.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or "local"
    prefix = _IPV4_PREFIX if parsed.version == 4 else _IPV6_PREFIX
    return str(ip_network((parsed, prefix), strict=False))
