"""Watches an application: everything that it answers must stand in the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from weftline.api.document import api_document
from weftline.api.failing import codes_of
from weftline.api.problems import MEDIA_TYPE
from weftline.api.sharing import operations_in

_TENANT = re.compile(r"/t/[^/]+(?=/)")
_PARAMETER = re.compile(r"\\{\w+\\}")


class Documented:
    """What an application answered that the OpenAPI document does not tell.

    Attributes:
        surprises: a sentence each.
    """

    def __init__(self) -> None:
        self.surprises: set[str] = set()

    async def watch(self, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
        """Let ``app`` answer a request, and look at what it answers."""
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status, kind, parts = 0, "", list[bytes]()

        async def note(message: Message) -> None:
            nonlocal status, kind
            if message["type"] == "http.response.start":
                status = message["status"]
                kind = dict(message["headers"]).get(b"content-type", b"").decode()
            elif kind == MEDIA_TYPE:
                parts.append(message.get("body", b""))
            await send(message)

        await app(scope, receive, note)
        code = json.loads(b"".join(parts))["code"] if kind == MEDIA_TYPE else None
        self._check(scope["method"], _TENANT.sub("", scope["path"], count=1), status, code)

    def _check(self, method: str, path: str, status: int, code: str | None) -> None:
        for name, pattern, operation in _operations():
            if not name.startswith(f"{method} ") or not pattern.fullmatch(path):
                continue
            if str(status) not in operation["responses"]:
                self.surprises.add(f"{name}: {status} {code or ''}")
            elif code is not None and code not in codes_of(operation):
                self.surprises.add(f"{name}: {status} {code}")
            return


@cache
def _operations() -> tuple[tuple[str, re.Pattern[str], Any], ...]:
    """Name, pattern of the path, and description of each; what is spelt out comes before what is filled in."""
    return tuple(sorted(_every_operation(), key=lambda each: each[0].count("{")))


def _every_operation() -> Iterator[tuple[str, re.Pattern[str], Any]]:
    for method, path, operation in operations_in(api_document()):
        yield f"{method.upper()} {path}", re.compile(_PARAMETER.sub("[^/]+", re.escape(path))), operation
