"""Which tenant a request names: by subdomain, own domain, path or header.

Naming is not entering: whoever signs in must be a member, and a token is for one tenant whatever the request names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from starlette.requests import HTTPConnection

Strategy = Literal["subdomain", "path", "header", "token"]
DEFAULT_ORDER: tuple[Strategy, ...] = ("subdomain", "path", "header", "token")

HEADER = b"x-tenant-id"
PATH_KEY = "weftline.tenant"
"""Where the ASGI scope holds the tenant that the path named (``/t/{slug}/…``)."""


@dataclass(frozen=True, slots=True)
class TenantHint:
    """What a request says about its tenant.

    Attributes:
        value: the tenant's id, slug or domain, in lower case.
    """

    value: str

    def names(self, id: UUID, slug: str, domain: str | None = None) -> bool:
        """Whether this is that tenant."""
        return self.value in (slug, str(id), domain)


class TenantResolver:
    """Finds out which tenant a request names.

    Args:
        order: the ways to look, the first that says something wins.
        base_domain: whose subdomains are tenants (``acme.example.com``); None for none.
    """

    def __init__(self, order: Sequence[Strategy] = DEFAULT_ORDER, base_domain: str | None = None) -> None:
        self._order = tuple(order)
        self._suffix = None if base_domain is None else f".{base_domain.lower()}"

    def hint(self, request: HTTPConnection) -> TenantHint | None:
        """The tenant that a request names, besides its token; None where it names none."""
        return next(self.hints(request), None)

    def hints(self, request: HTTPConnection) -> Iterator[TenantHint]:
        """Every tenant that a request names, in the order of the strategies."""
        for strategy in self._order:
            value = self._look(strategy, request)
            if value:
                yield TenantHint(value.strip().lower())

    def _look(self, strategy: Strategy, request: HTTPConnection) -> str | None:
        match strategy:
            case "header":
                return _header(request, HEADER)
            case "path":
                return request.scope.get(PATH_KEY)
            case "subdomain" if self._suffix is not None:
                host = (_header(request, b"host") or "").partition(":")[0].lower()
                return host.removesuffix(self._suffix) if host.endswith(self._suffix) else None
            case _:
                return None


def _header(request: HTTPConnection, name: bytes) -> str | None:
    # every request is looked at: Starlette's own look-up costs several times as much where there is none
    for given, value in request.scope["headers"]:
        if given == name:
            return value.decode("latin-1")
    return None
