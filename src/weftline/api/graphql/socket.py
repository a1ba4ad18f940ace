"""Subscriptions over a WebSocket, by the protocol ``graphql-transport-ws``.

The client says who it is in ``connection_init`` (``{"authorization": "Bearer …"}`` or ``{"token": "…"}``), unless the
handshake carried it. Queries and mutations are sent over HTTP.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from weftline.api.live.connection import Connection
from weftline.features.access.gate import Gate
from weftline.features.errors import DomainError
from weftline.features.live.hub import LiveHub
from weftline.features.rates.errors import RateLimited

if TYPE_CHECKING:
    from weftline.api.graphql.engine import GraphQL

PROTOCOL = "graphql-transport-ws"
CONNECT_SECONDS = 10.0
"""How long a client may take to say who it is."""

MAX_SUBSCRIPTIONS = 100
MAX_MESSAGE = 65_536
"""Characters of a message from a client."""

# the protocol's own codes
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, BAD_PROTOCOL = 4400, 4401, 4403, 4406
INIT_TIMEOUT, ID_TAKEN, TOO_MANY = 4408, 4409, 4429


class Closing(Exception):
    """The connection is to be closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class SubscriptionSocket(Connection):
    """One client's connection.

    Args:
        websocket: not accepted yet.
        hub: feeds it.
        graphql: answers.
        gate: says who the client is.
    """

    def __init__(self, websocket: WebSocket, hub: LiveHub, graphql: GraphQL, gate: Gate) -> None:
        super().__init__(websocket, hub)
        self._graphql = graphql
        self._gate = gate
        self._credentials: HTTPConnection = websocket
        self._is_known = False

    async def run(self) -> None:
        """Serve the client until it leaves, or has to."""
        if PROTOCOL not in self._websocket.scope.get("subprotocols", ()):
            await self._websocket.accept()
            await self._websocket.close(BAD_PROTOCOL, f"Subprotocol not acceptable: use {PROTOCOL}")
            return
        await self._websocket.accept(PROTOCOL)
        await self._serve()

    async def _read(self) -> None:
        try:
            await self._admit()
            while True:
                await self._take(await self._receive())
        except Closing as closing:
            self._end = closing.code, closing.reason

    async def _admit(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while not self._is_known:
                    await self._begin(await self._receive())
        except TimeoutError:
            raise Closing(INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _begin(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "connection_init"}:
                if (token := _token(message.get("payload"))) is not None:
                    scope = self._websocket.scope
                    headers = [header for header in scope["headers"] if header[0] != b"authorization"]
                    headers.append((b"authorization", token.encode()))
                    self._credentials = HTTPConnection({**scope, "headers": headers})
                try:
                    await self._gate.enter(self._credentials)
                except DomainError as error:
                    raise Closing(UNAUTHORIZED if error.status == 401 else FORBIDDEN, error.detail) from None
                self._is_known = True
                await self._send({"type": "connection_ack"})
            case {"type": "subscribe"}:
                raise Closing(UNAUTHORIZED, "Unauthorized")
            case _:
                raise Closing(BAD_REQUEST, "Expected connection_init")

    async def _take(self, message: dict[str, Any]) -> None:
        try:
            said = self._gate.heard(self._credentials)
        except RateLimited as error:
            raise Closing(TOO_MANY, error.detail) from None
        match message:
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "complete", "id": str(id)}:
                if (task := self._subscriptions.pop(id, None)) is not None:
                    task.cancel()
            case {"type": "subscribe", "id": str(id), "payload": {"query": str(_)} as payload}:
                if id in self._subscriptions:
                    raise Closing(ID_TAKEN, f"Subscriber for {id} already exists")
                if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
                    raise Closing(TOO_MANY, "Too many subscriptions")
                following = self._follow(id, payload, said)
                self._subscriptions[id] = asyncio.create_task(following, name="graphql-subscription")
            case {"type": "connection_init"}:
                raise Closing(TOO_MANY, "Too many initialisation requests")
            case _:
                raise Closing(BAD_REQUEST, "The message cannot be read")

    async def _follow(self, id: str, payload: dict[str, Any], said: HTTPConnection) -> None:
        try:
            answers = self._graphql.subscribe(self._websocket, payload, lambda: self._gate.enter(said))
            async with aclosing(answers):
                async for answer in answers:
                    if "data" not in answer:
                        await self._send({"type": "error", "id": id, "payload": answer["errors"]})
                        return
                    await self._send({"type": "next", "id": id, "payload": answer})
            await self._send({"type": "complete", "id": id})
        except TimeoutError:
            self._give_up()
        except WebSocketDisconnect:
            # whoever reads sees it, too
            return
        finally:
            if self._subscriptions.get(id) is asyncio.current_task():
                del self._subscriptions[id]

    async def _receive(self) -> dict[str, Any]:
        try:
            text = await self._websocket.receive_text()
            message: Any = orjson.loads(text) if len(text) <= MAX_MESSAGE else None
        except (KeyError, orjson.JSONDecodeError):
            message = None
        if not isinstance(message, dict):
            raise Closing(BAD_REQUEST, "Messages are JSON objects")
        return cast("dict[str, Any]", message)

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(orjson.dumps(message, option=orjson.OPT_UTC_Z))


def _token(payload: Any) -> str | None:
    """The header that a payload of ``connection_init`` stands for."""
    match payload:
        case {"authorization": str(header)} | {"Authorization": str(header)}:
            return header
        case {"token": str(token)}:
            return f"Bearer {token}"
        case _:
            return None
