"""The short way to the routes of the API, past what an application does for routes of every kind.

What stands between FastAPI's application and its routes costs as much as answering some of them does. Nothing of it
is for routes of the API: those close what they open, and what they raise is answered here.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.types import Message, Receive, Scope, Send

from weftline.api.idempotency import replay
from weftline.api.problems import problem_response
from weftline.api.route_index import RouteIndex
from weftline.features.http.body import StrictRoute
from weftline.features.idempotency.request import Replayed


class FastLane:
    """Answers requests for routes of the API, and passes everything else on.

    Args:
        app: has all routes, and answers everything else.

    Attributes:
        routes: finds the route of a request; None until the application has started.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.routes: RouteIndex | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        route = None if self.routes is None else self.routes.find(scope)
        if not isinstance(route, StrictRoute):
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        has_begun = False

        async def watch(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await route.app(scope, receive, watch)
        except Exception as error:
            request = Request(scope, receive)
            response = replay(error.answer) if isinstance(error, Replayed) else problem_response(request, error)
            if response is None or has_begun:
                raise
            await response(scope, receive, send)
