"""Webhooks over HTTP, outside ``/api/v1``: the token in the path is the credential, and no log keeps it.

A body is read no further than the webhook allows, whatever its length is said to be.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import PlainTextResponse

from weftline.features.access.http import public
from weftline.features.http.body import media_type
from weftline.features.http.wire import JsonResponse
from weftline.features.triggers import examples
from weftline.features.triggers.addresses import PATH
from weftline.features.triggers.calls import Call
from weftline.features.triggers.errors import CallTooLarge
from weftline.features.triggers.hooks import Answer, Hook, Hooks

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Token = Annotated[str, Path(max_length=200, description="The webhook's token.", examples=[examples.TOKEN])]


def hook_routes(hooks: Hooks) -> APIRouter:
    """The route of webhooks."""
    router = APIRouter(dependencies=[public()], include_in_schema=False)

    @router.api_route(PATH + "{token}", methods=METHODS)
    async def call_webhook(token: Token, request: Request) -> Response:
        """Starts what the webhook starts."""
        hook = await hooks.find(token)
        if request.method not in hook.webhook.methods:
            allowed = ", ".join(hook.webhook.methods)
            raise HTTPException(405, f"This webhook is called by {allowed}.", {"Allow": allowed})
        call = Call(
            request.method,
            {name.lower(): value for name, value in request.headers.items()},
            request.url.query,
            media_type(request),
            await _body(request, hook),
        )
        return _told(await hooks.answer(hook, call))

    return router


async def _body(request: Request, hook: Hook) -> bytes:
    limit = hook.webhook.max_body
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:12]) > limit:
        raise CallTooLarge(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise CallTooLarge(limit)
        parts.append(part)
    return b"".join(parts)


def _told(answer: Answer) -> Response:
    if answer.reply is not None and answer.reply.text is not None:
        return PlainTextResponse(answer.reply.text)
    if answer.reply is not None:
        return JsonResponse({"executionId": None, "status": "handshake"})
    if answer.execution_id is None:
        return JsonResponse({"executionId": None, "status": "ignored"})
    execution_id = str(answer.execution_id)
    if answer.snapshot is None:
        return JsonResponse({"executionId": execution_id}, status_code=202)
    status, output = answer.snapshot.status.value, answer.snapshot.state.output
    return JsonResponse({"executionId": execution_id, "status": status, "output": output})
