"""The WebSocket at ``/ws``: any number of subscriptions over one connection.

Messages are JSON objects with a ``type``. The client begins with ``connect`` and its token, unless the handshake
carried it (an ``Authorization`` header, or a browser's cookies); sends ``subscribe`` and ``unsubscribe`` with an id of
its own choice; and may send ``ping``. A new ``connect`` replaces a token that is about to expire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any

import orjson
import structlog
from fastapi.routing import APIRouter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from weftline.api.live.connection import INTERNAL_ERROR, TOO_SLOW, Connection
from weftline.api.live.ending import ending
from weftline.api.live.messages import Connect, Ping, Subscribe, Unsubscribe, read_message
from weftline.features.access.caller import Caller
from weftline.features.access.errors import NotSignedIn
from weftline.features.access.gate import Gate
from weftline.features.errors import Unauthenticated
from weftline.features.executions.permissions import READ as READ_EXECUTIONS
from weftline.features.live.errors import SubscriptionKnown, TooManySubscriptions
from weftline.features.live.hub import Batch, LiveHub
from weftline.features.live.topics import Topic
from weftline.features.tasks.permissions import READ as READ_TASKS

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
"""How long a client may take to say who it is."""

MAX_SUBSCRIPTIONS = 100
UNAUTHENTICATED = 4401
UNSUPPORTED_DATA = 1003

PATH = "/ws"


def socket_routes(hub: LiveHub, gate: Gate) -> APIRouter:
    """The route of the WebSocket."""
    router = APIRouter()

    @router.websocket(PATH)
    async def live(websocket: WebSocket) -> None:
        await LiveSocket(websocket, hub, gate).run()

    return router


class LiveSocket(Connection):
    """One client's connection.

    Args:
        websocket: not accepted yet.
        hub: feeds it.
        gate: says who the client is, and what it may follow.
    """

    def __init__(self, websocket: WebSocket, hub: LiveHub, gate: Gate) -> None:
        super().__init__(websocket, hub)
        self._gate = gate
        self._credentials: HTTPConnection = websocket

    async def run(self) -> None:
        """Serve the client until one of both leaves."""
        await self._websocket.accept()
        await self._serve()

    async def _read(self) -> None:
        try:
            caller = await self._admit()
            await self._send({"type": "connected", "tenantId": caller.tenant_id, "name": caller.name})
            while True:
                text = await self._websocket.receive_text()
                try:
                    await self._take(text)
                except WebSocketDisconnect:
                    raise
                except Exception as error:
                    await self._send_problem("error", None, error)
        except Unauthenticated as error:
            await self._send_problem("error", None, error)
            self._end = UNAUTHENTICATED, error.detail
        except (WebSocketDisconnect, KeyError):
            # gone; or it sent bytes, which mean nothing here
            self._end = UNSUPPORTED_DATA, "send text"
        except TimeoutError:
            self._end = TOO_SLOW, "too slow"
        except Exception as error:
            await self._send_problem("error", None, error)
            self._end = INTERNAL_ERROR, "internal error"

    async def _admit(self) -> Caller:
        """Who the client is, by the handshake or its first message."""
        headers = self._websocket.headers
        if "authorization" not in headers:
            with suppress(NotSignedIn):
                return await self._gate.enter(self._websocket)
            async with asyncio.timeout(CONNECT_SECONDS):
                message = read_message(await self._websocket.receive_text())
            if not isinstance(message, Connect):
                raise NotSignedIn
            return await self._admit_by(message.token, self._websocket)
        return await self._gate.enter(self._credentials)

    async def _admit_by(self, token: str, said: HTTPConnection) -> Caller:
        """Who the client is by a token, which counts from now on if it is one."""
        headers = [header for header in said.scope["headers"] if header[0] != b"authorization"]
        headers.append((b"authorization", b"Bearer " + token.encode()))
        credentials = HTTPConnection({**said.scope, "headers": headers})
        caller = await self._gate.enter(credentials)
        self._credentials = credentials
        return caller

    async def _take(self, text: str) -> None:
        said = self._gate.heard(self._credentials)
        match read_message(text):
            case Ping():
                await self._send({"type": "pong"})
            case Connect(token=token):
                caller = await self._admit_by(token, said)
                await self._send({"type": "connected", "tenantId": caller.tenant_id, "name": caller.name})
            case Unsubscribe(id=id):
                task = self._subscriptions.pop(id, None)
                if task is not None:
                    task.cancel()
                await self._send({"type": "unsubscribed", "id": id})
            case Subscribe() as wanted:
                if wanted.id in self._subscriptions:
                    raise SubscriptionKnown(wanted.id)
                if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
                    raise TooManySubscriptions(MAX_SUBSCRIPTIONS)
                task = asyncio.create_task(self._follow(wanted, said), name="live-subscription")
                self._subscriptions[wanted.id] = task

    async def _follow(self, wanted: Subscribe, said: HTTPConnection) -> None:
        try:
            caller = await self._gate.enter(said)
            await self._allow(caller, wanted.topic)
            batches = self._hub.follow(
                caller, wanted.topic, wanted.after, renew=lambda: self._gate.enter(self._credentials)
            )
            async with aclosing(batches):
                first = await anext(batches)
                await self._send({"type": "subscribed", "id": wanted.id, "position": first.position})
                async for batch in batches:
                    await self._send_batch(wanted.id, batch)
        except TimeoutError:
            self._give_up()
        except Exception as error:
            with suppress(TimeoutError):
                await self._send_problem("ended", wanted.id, error)
        finally:
            if self._subscriptions.get(wanted.id) is asyncio.current_task():
                del self._subscriptions[wanted.id]

    async def _allow(self, caller: Caller, topic: Topic) -> None:
        match topic.scope:
            case "execution":
                await self._gate.allow(caller, READ_EXECUTIONS, {"execution_id": str(topic.execution_id)})
            case "tasks":
                await self._gate.allow(caller, READ_TASKS, {}, listing=True)
            case _:
                await self._gate.allow(caller, READ_EXECUTIONS, {}, listing=True)

    async def _send_batch(self, id: str, batch: Batch) -> None:
        head = b'{"type":"events","id":%b,"position":%b,"events":[' % (orjson.dumps(id), orjson.dumps(batch.position))
        await self._send_text(head + b",".join(happening.json(mask) for happening, mask in batch.seen) + b"]}")

    async def _send_problem(self, type: str, id: str | None, error: Exception) -> None:
        head = b'{"type":%b,' % orjson.dumps(type)
        if id is not None:
            head += b'"id":%b,' % orjson.dumps(id)
        with suppress(WebSocketDisconnect):
            await self._send_text(head + b'"problem":' + ending(self._websocket.scope, error) + b"}")

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._send_text(orjson.dumps(message, default=str))
