"""How mail is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from typing import Literal
from urllib.parse import urlencode, urlsplit

from weftline.features.mail.addresses import is_address

Security = Literal["none", "starttls", "tls"]

_PORTS: dict[Security, int] = {"none": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail is sent, and where its links lead.

    Attributes:
        host: the SMTP server; None: nothing is sent, and messages stay in the outbox.
        port: its port; None: 25, 587 or 465, as ``security`` has it.
        user, password: to sign in to the server with; None where it asks for neither.
        security: ``starttls`` and ``tls`` (from the first byte on) insist on encryption and a valid certificate.
        sender: an address, or a name and an address: ``Weftline <weftline@example.com>``.
        public_url: under which people reach the platform.

    Raises:
        ValueError: they do not fit together.
    """

    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Security = "starttls"
    sender: str = "Weftline <weftline@localhost>"
    public_url: str = "http://127.0.0.1:8080"

    def __post_init__(self) -> None:
        if not is_address(self.sender_address) or not self.sender.isprintable():
            raise ValueError(f"the sender of mail is not an e-mail address: {self.sender!r}")
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"the public URL must be http:// or https:// with a host: {self.public_url!r}")
        if (self.user is None) != (self.password is None):
            raise ValueError("signing in to the mail server needs both a user and a password")
        if self.user is not None and self.security == "none":
            raise ValueError("the mail server's password must not travel unencrypted: use starttls or tls")

    @property
    def server_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS[self.security]

    @property
    def sender_address(self) -> str:
        """The sender's bare address."""
        return parseaddr(self.sender)[1]

    @property
    def sender_header(self) -> str:
        """The sender as it stands in a message's ``From``."""
        return formataddr(parseaddr(self.sender))

    def link(self, path: str, **query: str) -> str:
        """The address of a page of the platform.

        Args:
            path: beginning with ``/``.
            query: parameters.
        """
        address = self.public_url.rstrip("/") + path
        return f"{address}?{urlencode(query)}" if query else address
