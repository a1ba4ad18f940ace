"""Dovecot with an empty mailbox for whoever knows the password."""

from __future__ import annotations

import getpass
import imaplib
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.connectors.servers import (
    LOOPBACK,
    Certificate,
    directory,
    free_port,
    make_certificate,
    program,
    running,
)

PASSWORD = 's3cr"et\\ü'


@dataclass(frozen=True)
class MailboxServer:
    """Where it listens: in plain text and for STARTTLS, and by TLS."""

    port: int
    tls_port: int
    certificate: Certificate

    def deliver(self, user: str, *messages: bytes, folder: str = "INBOX") -> None:
        """Put messages into a mailbox, as another mail program does."""
        context = ssl.create_default_context(cadata=self.certificate.pem)
        with imaplib.IMAP4_SSL(LOOPBACK, self.tls_port, ssl_context=context) as client:
            client.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
            for message in messages:
                status, said = client.append(folder, "", "", message)  # type: ignore[arg-type]
                assert status == "OK", said


@contextmanager
def mailbox_server() -> Iterator[MailboxServer]:
    """A server until the context ends."""
    dovecot = program("dovecot", "dovecot-imapd")
    user = "nobody" if os.geteuid() == 0 else getpass.getuser()
    with directory(user) as home:
        port, tls_port = free_port(), free_port()
        certificate = make_certificate(home / "tls")
        (home / "passwords").write_text("")
        (home / "dovecot.conf").write_text(f"""
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = {LOOPBACK}
ssl = yes
ssl_cert = <{certificate.certificate}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
mail_location = maildir:{home}/mail/%u
first_valid_uid = 1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {"nogroup" if user == "nobody" else user}
mail_uid = {user}
mail_gid = {"nogroup" if user == "nobody" else user}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user} gid={"nogroup" if user == "nobody" else user} home={home}/homes/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
""")
        with running([dovecot, "-F", "-c", home / "dovecot.conf"], home, tls_port):
            yield MailboxServer(port, tls_port, certificate)
