"""``Idempotency-Key`` at the edge: the answer of a request under a key is kept before it is sent.

Which requests are carried out under their keys is decided where their callers are known, by what their routes declare
(``features.access.http``). All others pass as if they had no key, and those without one cost nothing.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weftline.features.idempotency.header import REPLAYED
from weftline.features.idempotency.keys import Answer, IdempotencyKeys
from weftline.features.idempotency.request import SCOPE_KEY, KeyedRequest, Replayed

_HEADER = b"idempotency-key"
_NOT_KEPT = frozenset({b"content-length", b"set-cookie"})


class Idempotency:
    """Keeps the answers of requests under keys.

    Args:
        app: what answers.

    Attributes:
        keys: remembers them; None until the application has started.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.keys: IdempotencyKeys | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if (
            self.keys is None
            or scope["type"] != "http"
            or scope["method"] != "POST"
            or (header := _header(scope)) is None
        ):
            await self._app(scope, receive, send)
            return
        keyed = KeyedRequest(self.keys, header)
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if keyed.act is None:
                await send(message)
            else:
                held.append(message)

        try:
            await self._app({**scope, SCOPE_KEY: keyed}, receive, hold)
        finally:
            # also where it failed: what was written of the failure is sent, and what had taken effect is known
            await keyed.close(_answer(held))
            for message in held:
                await send(message)


def add_replays(app: FastAPI) -> None:
    """Let ``app`` answer what was answered before as it was answered then."""

    async def answer(_: Request, error: Exception) -> Response:
        assert isinstance(error, Replayed)
        return replay(error.answer)

    app.add_exception_handler(Replayed, answer)


def replay(answer: Answer) -> Response:
    """An answer as it was given before, with a header that says so."""
    response = Response(answer.body, answer.status)
    response.headers.update({REPLAYED: "true"})
    for name, value in answer.headers:
        response.headers.append(name, value)
    return response


def _header(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER:
            return value.decode("latin-1")
    return None


def _answer(messages: list[Message]) -> Answer | None:
    """The answer that ASGI messages make; None where they make none."""
    if not messages or messages[-1].get("more_body"):
        return None
    start: dict[str, Any] = dict(messages[0])
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in start["headers"]
        if name.lower() not in _NOT_KEPT
    )
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in messages[1:]))
