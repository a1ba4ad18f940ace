"""Who may ask how often: addresses before they have proved who they are, callers and tenants after.

Every server counts by itself, in memory, so that a look costs next to nothing and no outage stops a request. Where
there are several, :mod:`~weftline.features.rates.sharing` tells each what the others have counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_network

from starlette.types import Scope

from weftline.features.access.caller import Caller
from weftline.features.rates.counters import WINDOW_SECONDS, Counters, Standing
from weftline.features.rates.errors import RateLimited

TALLY_KEY = "weftline.tally"
"""Where the ASGI scope holds the :class:`Tally` of a request."""

IPV6_PREFIX = 64
"""Bits of an IPv6 address that count: the rest is any host's to choose."""

_SIGNING_IN = re.compile(r"/api/v\d+/(auth|task-links)/")
_HOOKS = "/hooks/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests that may come within a minute; 0 for any number.

    Attributes:
        address: from one address.
        sign_in: from one address, to what proves who somebody is.
        hook: from one address, to webhooks.
        caller: of one person or key.
        tenant: of one tenant, unless its configuration says otherwise.
    """

    address: int = 600_000
    sign_in: int = 600
    hook: int = 60_000
    caller: int = 600_000
    tenant: int = 600_000


class Tally:
    """How one request stands with the limits that it is held to."""

    __slots__ = ("_standings",)

    def __init__(self) -> None:
        self._standings: list[tuple[str, int, Standing]] = []

    def add(self, name: str, quota: int, standing: Standing) -> None:
        """Note a limit."""
        self._standings.append((name, quota, standing))

    def has(self, name: str) -> bool:
        """Whether the request was held to a limit."""
        return any(noted == name for noted, _, _ in self._standings)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """``RateLimit-Policy`` with every limit, ``RateLimit`` with the one that is nearest.

        As in draft-ietf-httpapi-ratelimit-headers-10.
        """
        if not self._standings:
            return []
        policies = b", ".join([_policy(name, quota) for name, quota, _ in self._standings])
        name, _, nearest = min(self._standings, key=_nearness)
        return [
            (b"ratelimit-policy", policies),
            (b"ratelimit", f'"{name}";r={nearest.left};t={nearest.seconds}'.encode()),
        ]


class RateLimiter:
    """Holds requests to the limits.

    Args:
        rates: the limits.
        counters: count.
    """

    def __init__(self, rates: Rates | None = None, counters: Counters | None = None) -> None:
        self._rates = rates or Rates()
        self.counters = counters or Counters()

    def knock(self, scope: Scope, address: str | None) -> None:
        """Count a request of nobody knows whom.

        Args:
            scope: the request's; holds its tally from now on.
            address: the client's; one that is not known is not counted.

        Raises:
            RateLimited: the address has sent too many.
        """
        tally = scope[TALLY_KEY] = Tally()
        if address is None:
            return
        network = _network(address)
        self._take(tally, "address", network, self._rates.address, "One address")
        path: str = scope["path"]
        if path.startswith(_HOOKS):
            self._take(tally, "hooks", network, self._rates.hook, "One address, to webhooks,")
        elif scope.get("method") not in _SAFE and _SIGNING_IN.match(path):
            self._take(tally, "sign-in", network, self._rates.sign_in, "One address, to sign in,")

    def again(self, scope: Scope, address: str | None) -> Scope:
        """Count what a client says over a connection that it has as a request of its own, and return that one's scope.

        Args:
            scope: the connection's.
            address: the client's.

        Raises:
            RateLimited: the address has sent too many.
        """
        said = {**scope}
        # nor has what is said over a connection that this process made itself
        if TALLY_KEY in scope:
            self.knock(said, address)
        return said

    def enter(self, scope: Scope, caller: Caller, tenant_quota: int | None) -> None:
        """Count a request of a caller, once.

        Args:
            scope: the request's.
            caller: who asks.
            tenant_quota: requests a minute of their tenant, where its configuration has any.

        Raises:
            RateLimited: the caller has, or the members of the tenant have together, sent too many.
        """
        tally: Tally | None = scope.get(TALLY_KEY)
        subject = caller.key_id or caller.id
        # requests that this process makes itself have no tally
        if tally is None or subject is None or tally.has("caller"):
            return
        self._take(tally, "caller", subject, self._rates.caller, "One person or key")
        if caller.kind != "operator":
            quota = self._rates.tenant if tenant_quota is None else tenant_quota
            self._take(tally, "tenant", caller.tenant_id, quota, "Your tenant")

    def _take(self, tally: Tally, name: str, subject: object, quota: int, whose: str) -> None:
        if not quota:
            return
        standing = self.counters.take((name, subject), quota)
        tally.add(name, quota, standing)
        if not standing.is_within:
            raise RateLimited(whose, quota, standing.seconds)


def _nearness(noted: tuple[str, int, Standing]) -> tuple[bool, float]:
    _, quota, standing = noted
    return standing.is_within, standing.left / quota


@lru_cache(maxsize=1024)
def _policy(name: str, quota: int) -> bytes:
    return f'"{name}";q={quota};w={WINDOW_SECONDS}'.encode()


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """What an address is counted under: itself, or the network of an IPv6 address."""
    if ":" not in address:
        return address
    try:
        return str(ip_network((int(IPv6Address(address.partition("%")[0])), IPV6_PREFIX), strict=False))
    except ValueError:
        return address
