"""TCP ports of this machine."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

from weftline.cli.failures import CommandFailed

PATIENCE = 3.0
"""Seconds to wait for a port: the API of a ``weft up`` that was killed takes a moment to notice."""


def available_port(host: str, port: int) -> int:
    """``port`` itself once nobody listens on it, or a free one where it is 0.

    Raises:
        CommandFailed: somebody keeps it.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise CommandFailed(
                    f"cannot listen on {host}:{port}: {error.strerror}",
                    ["choose another port with --port or WEFT_PORT"],
                ) from None
        time.sleep(0.1)


def _bind(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # connections that linger after their server's end do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()
        return probe.getsockname()[1]


def answers(site: str, path: str, certificate: Path | None = None) -> bool:
    """Whether an HTTP server of ours answers 200.

    Args:
        site: where, with http:// or https://.
        path: what to ask for.
        certificate: the server's, for https.
    """
    parts = urlsplit(site)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        trusted = ssl.create_default_context(cafile=certificate)
        # it is called by the address it listens on, which its certificate need not name; and it may be signed by others
        trusted.check_hostname = False
        trusted.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=trusted)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
