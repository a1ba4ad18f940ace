"""``sftp``: files on servers that are reached by SSH. Who the server is, is always checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, Auth, Connection, Integration
from weftline.connectors.contents import CONTENT, content_json, read_content
from weftline.connectors.hosts import MAX_ANSWER_BYTES, exchange, given_host, reach, too_large, unreachable
from weftline.connectors.pool import Pool, let_go
from weftline.connectors.schema import choice, flag, given, listing, optional, record, text, whole

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

_PORT = 22
_MAX_ENTRIES = 10_000
_PATH = given("The path on the server, like `out/invoice.pdf`.", maxLength=4_096, pattern=r"^[^\x00]+$")

sftp = Integration(
    "sftp",
    title="SFTP",
    description="Files on a server that is reached by SSH.",
    category="files",
    icon="folder-sync",
    auth=(
        BASIC,
        Auth(
            type="CUSTOM",
            title="Private key",
            credentials=record(
                {
                    "username": {"type": "string", "title": "User name", "minLength": 1, "x-public": True},
                    "privateKey": {
                        "type": "string",
                        "title": "Private key",
                        "description": "PEM or OpenSSH; under a passphrase PEM (PKCS#8).",
                        "minLength": 1,
                        "x-lines": 8,
                    },
                    "passphrase": {"type": "string", "title": "Passphrase of the key"},
                },
                ["username", "privateKey"],
            ),
        ),
    ),
    config=record(
        {
            **given_host(_PORT),
            "hostKey": given(
                "The server's public key, as `ssh-keyscan` prints it (`ssh-ed25519 AAAA…`), or its fingerprint"
                " (`SHA256:…`).",
                title="Host key",
                pattern="^(SHA256:[A-Za-z0-9+/]{43}|(?:\\S+ )?(ssh|ecdsa|sk)-\\S+ [A-Za-z0-9+/=]+.*)$",
            ),
        },
        ["host", "hostKey"],
    ),
    docs_url="https://www.openssh.com/",
)


@sftp.action(
    "list",
    title="List a folder",
    input=record({"path": {**_PATH, "default": "."}}),
    output=record(
        {
            "entries": listing(
                "What is in it, by name.",
                record(
                    {
                        "name": text("Its name."),
                        "type": choice("What it is.", "file", "folder", "other"),
                        "size": optional(whole("Bytes.")),
                        "modifiedAt": optional(text("ISO 8601.")),
                    },
                    ["name", "type", "size", "modifiedAt"],
                ),
            )
        },
        ["entries"],
    ),
    example={"path": "out"},
)
async def list_folder(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List the files and folders in a folder."""
    from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR

    kinds = {FILEXFER_TYPE_REGULAR: "file", FILEXFER_TYPE_DIRECTORY: "folder"}
    entries: list[dict[str, Any]] = []
    async with _connected(connection) as client, client.start_sftp_client() as files:
        async for each in files.scandir(ctx.input.get("path", ".")):
            name = each.filename if isinstance(each.filename, str) else each.filename.decode(errors="replace")
            if name in (".", ".."):
                continue
            if len(entries) == _MAX_ENTRIES:
                raise too_large(f"a folder of more than {_MAX_ENTRIES} entries")
            modified = each.attrs.mtime
            entries.append(
                {
                    "name": name,
                    "type": kinds.get(each.attrs.type, "other"),
                    "size": each.attrs.size,
                    "modifiedAt": None if modified is None else datetime.fromtimestamp(modified, UTC).isoformat(),
                }
            )
    return {"entries": sorted(entries, key=lambda entry: entry["name"])}


@sftp.action(
    "get",
    title="Read a file",
    input=record({"path": _PATH}, ["path"]),
    output=record({**CONTENT, "size": whole("Bytes.")}, ["content", "encoding", "size"]),
    example={"path": "out/invoice.csv"},
)
async def get(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read a file up to 5 MB: its text where it is UTF-8, else base64."""
    async with (
        _connected(connection) as client,
        client.start_sftp_client() as files,
        files.open(ctx.input["path"], "rb") as file,
    ):
        content: bytes = await cast("Any", file).read(MAX_ANSWER_BYTES + 1)
    if len(content) > MAX_ANSWER_BYTES:
        raise too_large("the file")
    return {**content_json(content), "size": len(content)}


@sftp.action(
    "put",
    title="Write a file",
    input=record({"path": _PATH, **CONTENT}, ["path", "content"]),
    output=record({"path": text("Where it is."), "size": whole("Bytes.")}, ["path", "size"]),
    example={"path": "in/order.json", "content": '{"id": 17}'},
    compensate="delete",
)
async def put(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Write a file; one that is there is replaced.

    It is written under another name first and renamed then, so that nobody reads half of it.
    """
    wanted = ctx.input
    content = read_content(wanted)
    async with _connected(connection) as client, client.start_sftp_client() as files:
        part = f"{wanted['path']}.part"
        async with files.open(part, "wb") as file:
            await file.write(content)
        await files.posix_rename(part, wanted["path"])
    return {"path": wanted["path"], "size": len(content)}


@sftp.action(
    "delete",
    title="Delete a file",
    input=record({"path": _PATH, "size": whole("Ignored: what Write a file returns fits.")}, ["path"]),
    output=record({"existed": flag("False where there was none.")}, ["existed"]),
    example={"path": "out/invoice.csv"},
)
async def delete(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete a file; where there is none, that is fine too."""
    from asyncssh import SFTPNoSuchFile

    async with _connected(connection) as client, client.start_sftp_client() as files:
        try:
            await files.remove(ctx.input["path"])
        except SFTPNoSuchFile:
            return {"existed": False}
    return {"existed": True}


@sftp.action(
    "rename",
    title="Rename a file",
    input=record({"path": _PATH, "to": _PATH}, ["path", "to"]),
    output=record({"path": text("Where it is now.")}, ["path"]),
    example={"path": "out/invoice.csv", "to": "done/invoice.csv"},
)
async def rename(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Rename or move a file; one that is there is left, and the step fails."""
    wanted = ctx.input
    async with _connected(connection) as client, client.start_sftp_client() as files:
        await files.rename(wanted["path"], wanted["to"])
    return {"path": wanted["to"]}


@sftp.test
async def try_sftp(connection: Connection) -> str | None:
    """Sign in, and ask where that leads."""
    async with _connected(connection) as client, client.start_sftp_client() as files:
        await files.realpath(".")
    return connection.credentials["username"]


@asynccontextmanager
async def _connected(connection: Connection) -> AsyncGenerator[SSHClientConnection]:
    async def open() -> Pool[SSHClientConnection]:
        return Pool(lambda: _opened(connection), _close, lambda client: not client.is_closed(), size=3)

    async def close(pool: Pool[SSHClientConnection]) -> None:
        await pool.close()

    async with exchange(connection, lambda error: _failure(connection, error)):
        pool = await connection.resource("pool", open, close)
        async with pool.one() as client:
            yield client


async def _opened(connection: Connection) -> SSHClientConnection:
    import asyncssh

    host = await reach(connection, _PORT, tls=False)
    given = connection.credentials
    wanted = str(connection.config["hostKey"])

    class Checking(asyncssh.SSHClient):
        """Knows the server by the key that the connection configures, and by nothing else."""

        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            if wanted.startswith("SHA256:"):
                return key.get_fingerprint() == wanted
            shown = key.export_public_key().decode().split()
            return any(shown[:2] == pair for pair in _pairs(wanted))

    keys: list[asyncssh.SSHKey] = []
    if "privateKey" in given:
        try:
            keys = [asyncssh.import_private_key(given["privateKey"], given.get("passphrase") or None)]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            message = f"the private key cannot be used: {error}"
            raise ActionError(message, code="invalid_connection", retryable=False) from None
    return await asyncssh.connect(
        host.address,
        host.port,
        username=given["username"],
        password=given.get("password"),
        client_factory=Checking,
        # nothing of this machine counts: no configuration, no keys, no agent, no known hosts
        config=None,
        known_hosts=([], [], []),
        client_keys=keys or None,
        agent_path=None,
        agent_forwarding=False,
        gss_host=None,
        connect_timeout=connection.timeout,
        login_timeout=connection.timeout,
        keepalive_interval=15,
    )


def _pairs(line: str) -> list[list[str]]:
    """The kind and the key in a line, which may begin with names of hosts and end with a comment."""
    words = line.split()
    return [words[at : at + 2] for at in range(len(words) - 1)]


async def _close(client: SSHClientConnection) -> None:
    client.abort()
    await let_go(client.wait_closed())


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    import asyncssh

    where = connection.config["host"]
    match error:
        case asyncssh.HostKeyNotVerifiable():
            message = f"{where} shows another host key than the connection names"
            return ActionError(message, code="host_key_refused", retryable=False)
        case asyncssh.PermissionDenied():
            return connection.unauthorized("the server refuses the credentials")
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
            return ActionError(f"there is no such file: {error.reason}", code="not_found", retryable=False)
        case asyncssh.SFTPPermissionDenied():
            return ActionError(f"the server refuses: {error.reason}", code="permission_denied", retryable=False)
        case asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
            return unreachable(where, error.reason)
        case asyncssh.SFTPError():
            return ActionError(f"the server refuses: {error.reason}", code="sftp_refused", retryable=False)
        case asyncssh.Error():
            return unreachable(where, error.reason)
        case _:
            return None
