"""Real servers for tests: Debian's own, on free ports of loopback, with directories of their own that go with them."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
PATIENCE = 90.0
"""Seconds that a server may take to listen, on a busy machine."""


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate of a server.

    Attributes:
        pem: it alone, for clients to trust.
        certificate, key: files.
    """

    pem: str
    certificate: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """For a server in this process."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(directory: Path, name: str = LOOPBACK) -> Certificate:
    """A certificate for an IP address or a host name."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Weftline test")])
    alternative: x509.GeneralName
    try:
        alternative = x509.IPAddress(ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(key, SHA256())
    )
    directory.mkdir(parents=True, exist_ok=True)
    certificate, private = directory / "certificate.pem", directory / "key.pem"
    pem = made.public_bytes(Encoding.PEM)
    certificate.write_bytes(pem)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Certificate(pem.decode(), certificate, private)


def program(name: str, package: str) -> str:
    """The path of a program of Debian's.

    Without it the test is skipped, but never where CI runs: there it is installed.
    """
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/rabbitmq/bin:/usr/lib/postgresql/15/bin"
    found = shutil.which(name, path=search)
    if found is None:
        assert "CI" not in os.environ, f"{name} is missing: apt-get install {package}"
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


@contextmanager
def directory(user: str | None = None) -> Iterator[Path]:
    """A directory with a short path, for sockets are in it.

    Args:
        user: whose it is, where the tests run as root.
    """
    with TemporaryDirectory(prefix="weft-") as name:
        if user is not None and os.geteuid() == 0:
            shutil.chown(name, user)
            Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def running(
    command: Sequence[str | Path],
    home: Path,
    port: int,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in the foreground, from when it listens until the context ends.

    Args:
        command: how to start it.
        home: where it runs, and where ``output`` keeps what it says.
        port: where it listens.
        environment: variables, added to those of this process.
        user: as whom it runs, where the tests run as root.
    """
    output = home / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=home,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user if os.geteuid() == 0 else None,
        )
    try:
        _wait(process, port, output)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # what it has started itself belongs to its group
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        said = output.read_text(errors="replace")[-2_000:]
        assert process.poll() is None, f"the server ended: {said}"
        assert time.monotonic() < until, f"the server does not listen: {said}"
        # nothing tells when another process listens
        time.sleep(0.05)
