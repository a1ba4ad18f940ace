"""Files on a real SFTP server, whose key is checked before anything is told to it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.connectors.conftest import failure
from tests.connectors.servers import free_port
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.sftp import sftp, try_sftp
from weftline.testing.connectors import call, connected

PASSWORD = {"username": "weft", "password": "s3cret"}


class Server:
    """Where it listens, its key, the key that it lets in, and what it serves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self.asked: list[str] = []

    @property
    def host_key(self) -> str:
        return self.key.export_public_key().decode().strip()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    served = Server(tmp_path / "root")
    served.root.mkdir()

    class Gate(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            served.asked.append(password)
            return (username, password) == tuple(PASSWORD.values())

    known = asyncssh.import_authorized_keys(served.user_key.export_public_key().decode())
    acceptor = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Gate,
        server_host_keys=[served.key],
        authorized_client_keys=known,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(served.root)),
        allow_scp=False,
    )
    served.port = acceptor.get_port()
    yield served
    acceptor.close()
    await acceptor.wait_closed()


def to(
    server: Server, *, auth: str = "BASIC", credentials: dict[str, Any] = PASSWORD, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    given = {"host": "127.0.0.1", "port": server.port, "hostKey": server.host_key, **config}
    return connected(sftp, auth=auth, config=given, credentials=credentials, timeout=10)


async def test_files_are_written_read_listed_renamed_and_deleted(server: Server) -> None:
    (server.root / "out").mkdir()
    async with to(server) as connection:
        assert await call("sftp.put", connection, path="out/a.txt", content="ü") == {"path": "out/a.txt", "size": 2}
        assert await call("sftp.get", connection, path="out/a.txt") == {"content": "ü", "encoding": "text", "size": 2}
        content = base64.b64encode(b"\0\xff").decode()
        await call("sftp.put", connection, path="out/a.txt", content=content, encoding="base64")
        assert (server.root / "out" / "a.txt").read_bytes() == b"\0\xff"
        entries = (await call("sftp.list", connection, path="out"))["entries"]
        assert [(each["name"], each["type"], each["size"]) for each in entries] == [("a.txt", "file", 2)]
        assert [each["type"] for each in (await call("sftp.list", connection))["entries"]] == ["folder"]
        await call("sftp.rename", connection, path="out/a.txt", to="b.txt")
        assert await call("sftp.delete", connection, path="b.txt") == {"existed": True}
        assert await call("sftp.delete", connection, path="b.txt") == {"existed": False}
        assert [path.name for path in server.root.rglob("*")] == ["out"]


async def test_what_is_not_there_or_too_large_is_told(server: Server) -> None:
    (server.root / "large").write_bytes(b"x" * 6_000_000)
    async with to(server) as connection:
        await failure(call("sftp.get", connection, path="nowhere"), "not_found")
        await failure(call("sftp.list", connection, path="nowhere"), "not_found")
        await failure(call("sftp.get", connection, path="large"), "answer_too_large")
        await failure(call("sftp.get", connection, path="../../etc/passwd"), "not_found")
        await call("sftp.put", connection, path="a", content="1")
        await call("sftp.put", connection, path="b", content="2")
        await failure(call("sftp.rename", connection, path="a", to="b"), "sftp_refused")
        assert (server.root / "b").read_text() == "2"


async def test_a_private_key_lets_in(server: Server) -> None:
    plain = server.user_key.export_private_key().decode()
    locked = server.user_key.export_private_key("pkcs8-pem", passphrase="open").decode()
    for given in ({"privateKey": plain}, {"privateKey": locked, "passphrase": "open"}):
        async with to(server, auth="CUSTOM", credentials={"username": "weft", **given}) as connection:
            assert await try_sftp(connection) == "weft"
    for given in ({"privateKey": locked, "passphrase": "wrong"}, {"privateKey": "no key"}):
        async with to(server, auth="CUSTOM", credentials={"username": "weft", **given}) as connection:
            await failure(try_sftp(connection), "invalid_connection")
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    async with to(server, auth="CUSTOM", credentials={"username": "weft", "privateKey": other}) as connection:
        await failure(try_sftp(connection), "connection_unauthorized")


async def test_the_server_is_known_by_its_key_or_its_fingerprint(server: Server) -> None:
    for key in (
        server.host_key,
        f"{server.host_key} root@shop",
        f"127.0.0.1 {server.host_key}",
        server.key.get_fingerprint(),
    ):
        async with to(server, hostKey=key) as connection:
            await try_sftp(connection)


async def test_another_server_gets_no_password(server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    for key in (other.export_public_key().decode().strip(), other.get_fingerprint()):
        async with to(server, hostKey=key) as connection:
            await failure(try_sftp(connection), "host_key_refused")
    assert server.asked == []


async def test_a_wrong_password_and_an_absent_server_are_told(server: Server) -> None:
    async with to(server, credentials={**PASSWORD, "password": "wrong"}) as connection:
        await failure(try_sftp(connection), "connection_unauthorized")
    async with to(server, port=free_port()) as connection:
        assert (await failure(try_sftp(connection), "unreachable")).retryable
