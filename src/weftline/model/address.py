"""How a server is addressed: its URL, the header that names a tenant, and the variables that programs find it by."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

API_PATH = "/api/v1"
"""Where the API lies below a server's address."""

TENANT_HEADER = "X-Tenant-ID"
"""Names the tenant to work in, by slug or id."""

TENANT_VARIABLE = "WEFT_TENANT"
URL_VARIABLE = "WEFT_URL"
TOKEN_VARIABLE = "WEFT_TOKEN"  # noqa: S105  # the variable's name


class NotAnAddress(ValueError):
    """A text is no server's address. It is not repeated: somebody may have put a password into it."""

    def __init__(self) -> None:
        super().__init__("this is no server's address: one is https://weft.example.com")


def normalized(url: str) -> str:
    """A server's address in its one form: scheme, host, port and perhaps a path, without a slash at the end.

    Args:
        url: the server's address, or that of its API.

    Raises:
        NotAnAddress: it is no HTTP address.
    """
    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise NotAnAddress from None
    if not is_address or parts.username is not None or parts.query or parts.fragment:
        raise NotAnAddress
    path = parts.path.rstrip("/").removesuffix(API_PATH)
    return urlunsplit((parts.scheme, parts.netloc.lower(), path, "", ""))
