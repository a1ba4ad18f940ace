"""A short way to the one route that everything waits for: starting an execution.

FastAPI's own work costs several times as much as starting an execution does. The route is declared there all the
same, and so documented; requests for it take this way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from weftline.api.problems import problem_response

StartHandler = Callable[[str, Request], Awaitable[Response]]

_PATH = re.compile(r"/api/v1/workflows/([A-Za-z0-9][A-Za-z0-9_.-]{0,127})/executions")


class FastLane:
    """Answers starts, and passes everything else on.

    Args:
        app: what answers everything else.

    Attributes:
        start: answers a start, given the workflow's id and the request; None until the application has started.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.start: StartHandler | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if (
            self.start is None
            or scope["type"] != "http"
            or scope["method"] != "POST"
            or (match := _PATH.fullmatch(scope["path"])) is None
        ):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self.start(match[1], request)
        except Exception as error:
            problem = problem_response(request, error)
            if problem is None:
                raise
            response = problem
        await response(scope, receive, send)
