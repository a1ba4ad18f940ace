"""Another system on this machine, which answers well or badly, and connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

import orjson

from tests.engine.harness import MASTER_KEY, Harness
from weftline.authoring.builtin import HttpSettings, configure_http
from weftline.authoring.integrations import BASIC, BEARER, NO_AUTH, Integration, OAuth2, integrations
from weftline.authoring.ownership import owned_by
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.connect import tenant_transaction
from weftline.store.connections import credentials_context, tokens_context
from weftline.store.keyring import Keyring

OWNER = "tests of connections"


class Asked(NamedTuple):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


class OtherSystem:
    """Answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.at_once = 0
        self.most_at_once = 0
        self.url = ""

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(each.path == path for each in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().rstrip().split("\r\n")
                method, target, _ = first.split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                asked = Asked(method, target.partition("?")[0], headers, body)
                self.asked.append(asked)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await self.answers.get(asked.path, says({"path": asked.path}))(asked, writer)
                finally:
                    self.at_once -= 1
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def head(status: int, length: int, **headers: str) -> bytes:
    """The first lines of an answer."""
    named = {"content-type": "application/json", "content-length": str(length)}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in named.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, len(content), **headers) + content)
        await writer.drain()

    return answer


@asynccontextmanager
async def other_system() -> AsyncIterator[OtherSystem]:
    """The system, as long as the context is open."""
    system = OtherSystem()
    server = await asyncio.start_server(system.serve, "127.0.0.1", 0)
    system.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield system
    finally:
        server.close()


@contextmanager
def probe_integration() -> Iterator[Integration]:
    """The integration ``probe``, whose connections say in ``baseUrl`` where the system is."""
    configure_http(HttpSettings(allow_private_addresses=True))
    with owned_by(OWNER):
        token = OAuth2(
            grants=("authorization_code", "client_credentials"),
            authorization_url="{authorizeUrl}",
            token_url="{baseUrl}/token",
            scopes=("read",),
        )
        made = Integration(
            "probe",
            title="Probe",
            description="A system on this machine.",
            category="developer",
            auth=[BEARER, BASIC, NO_AUTH, token],
            config={"type": "object", "properties": {"baseUrl": {"type": "string"}}},
            base_url="{baseUrl}",
        )
    integrations.give_back(OWNER)
    try:
        yield made
    finally:
        integrations.withhold(OWNER)
        configure_http(HttpSettings())


async def connect(
    engine: Harness,
    url: str,
    name: str = "probe",
    *,
    auth: str = "NONE",
    credentials: dict[str, Any] | None = None,
    tokens: dict[str, Any] | None = None,
    **columns: Any,
) -> UUID:
    """Store a connection, as the API does."""
    id = uuid7()
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        cipher = await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
        values = {
            "tenant_id": DEFAULT_TENANT,
            "id": id,
            "integration": "probe",
            "name": name,
            "auth_type": auth,
            "config": orjson.dumps({"baseUrl": url}).decode(),
            "sealed": None if credentials is None else cipher.seal(orjson.dumps(credentials), credentials_context(id)),
            "tokens": None if tokens is None else cipher.seal(orjson.dumps(tokens), tokens_context(id)),
            "status": "READY",
            "created_by": "ann",
            **{
                name: orjson.dumps(value).decode() if isinstance(value, dict) else value
                for name, value in columns.items()
            },
        }
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO connections ({', '.join(values)}) VALUES ({places})",
            *values.values(),
        )
    return id


async def renew(engine: Harness, id: UUID, credentials: dict[str, Any]) -> None:
    """Enter other credentials, as the API does."""
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        cipher = await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
        sealed = cipher.seal(orjson.dumps(credentials), credentials_context(id))
        await connection.execute("UPDATE connections SET sealed = $2, status = 'READY' WHERE id = $1", id, sealed)
