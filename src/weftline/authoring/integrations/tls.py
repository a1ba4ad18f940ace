"""TLS to servers: with a client certificate, and over an address that was checked before."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import certifi
import httpx

from weftline.authoring.errors import ActionError


def client_context(credentials: Mapping[str, Any]) -> ssl.SSLContext:
    """The context of a client that shows a certificate.

    Args:
        credentials: ``certificate``, ``privateKey`` and, where the server's own authority is a private one,
            ``authority``: PEM.

    Raises:
        ActionError: code ``invalid_connection``; they are no PEM, or do not belong together.
    """
    try:
        authority = credentials.get("authority")
        context = ssl.create_default_context(cadata=authority) if authority else httpx.create_ssl_context()
        # the standard library reads a chain from a file only; this one is seen by nobody else and gone at once
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "client.pem"
            path.touch(mode=0o600)
            path.write_text(f"{credentials['certificate']}\n{credentials['privateKey']}\n")
            context.load_cert_chain(path)
    except (ssl.SSLError, ValueError) as error:
        message = f"the client certificate cannot be used: {error}"
        raise ActionError(message, code="invalid_connection", retryable=False) from None
    return context


class NamedContext(ssl.SSLContext):
    """A client's context that expects one server, whatever address is connected to.

    Libraries that are given an IP address, which was checked, would compare the certificate with it.
    """

    server_name = ""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """See ``ssl.SSLContext.wrap_bio``; for the server that was named."""
        return super().wrap_bio(incoming, outgoing, server_side, self.server_name, session)


def server_context(host: str, authority: str | None = None) -> ssl.SSLContext:
    """The context of a client that connects to an address of a host.

    Args:
        host: whose certificate is expected.
        authority: PEM of the only one that may have signed it; absent: those that this machine trusts.

    Raises:
        ActionError: code ``invalid_connection``; the authority is no PEM.
    """
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = host
    if authority is None:
        context.load_default_certs()
        context.load_verify_locations(certifi.where())
        return context
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        message = f"the authority's certificate cannot be used: {error}"
        raise ActionError(message, code="invalid_connection", retryable=False) from None
    return context
