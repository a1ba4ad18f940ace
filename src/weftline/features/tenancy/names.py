"""Slugs and domains: the names by which requests name a tenant.

A slug is a label of a host name (``acme`` of ``acme.example.com``), so it has no dot; a domain has one. A tenant's id
is a name, too. So no tenant's name can be taken for another's.
"""

from __future__ import annotations

import re
from uuid import UUID

from weftline.features.errors import FieldError, Invalid

MAX_SLUG = 63
MAX_DOMAIN = 253

RESERVED = frozenset(
    {
        "admin", "api", "app", "assets", "auth", "cdn", "console", "docs", "ftp", "health", "help", "imap", "localhost",
        "login", "mail", "metrics", "ns", "operator", "platform", "pop", "postmaster", "root", "smtp", "static",
        "status", "support", "system", "t", "tenant", "webmaster", "www",
    }
)  # fmt: skip
"""Names under which people expect the platform itself."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class InvalidName(Invalid):
    """This cannot be a tenant's slug, or its domain."""

    code = "invalid_tenant_name"
    title = "Name not valid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"The tenant's {field} is not valid.", [FieldError(f"/{field}", message, self.code)])


def checked_slug(slug: str) -> str:
    """A slug, in the form in which it is stored.

    Raises:
        InvalidName: it cannot be one, or is reserved.
    """
    slug = slug.strip().lower()
    if _LABEL.fullmatch(slug) is None or slug.startswith("xn--") or _is_uuid(slug):
        raise InvalidName("slug", "Up to 63 of a-z, 0-9 and '-', neither beginning nor ending with '-', and no UUID.")
    if slug in RESERVED:
        raise InvalidName("slug", f"'{slug}' is reserved.")
    return slug


def checked_domain(domain: str) -> str:
    """A domain, in the form in which it is stored.

    Raises:
        InvalidName: it cannot be one.
    """
    domain = domain.strip().lower().removesuffix(".")
    labels = domain.split(".")
    is_name = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    if not is_name or len(domain) > MAX_DOMAIN or labels[-1].isdecimal():
        raise InvalidName("domain", "A host name such as workflows.example.com.")
    return domain


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
