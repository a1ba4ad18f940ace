"""Where authorization servers send people back to: outside ``/api/v1``, and with no other credential than the state.

Nothing that is said here comes from the address unescaped, and no log should keep the address: it holds the code.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from weftline.features.access.http import public
from weftline.features.integrations.authorizing import CALLBACK, LIFETIME, AuthorizationLost, Authorizing
from weftline.features.integrations.callback_page import confirm_page, lost_page

MAX_LENGTH = 4_096
"""Characters of a code or a state."""

MAX_BODY = 16_384

NO_STORE = {"Cache-Control": "no-store"}

# a browser sends the form's origin only with a referrer; the page itself leads nowhere else
SAME_ORIGIN = {**NO_STORE, "Referrer-Policy": "same-origin"}

Text = Annotated[str | None, Query(max_length=MAX_LENGTH)]


class BrowserCookie:
    """What the browser keeps in which somebody began.

    Args:
        is_https: people reach the platform by https.
    """

    PREFIX = "weft_oauth_"

    def __init__(self, *, is_https: bool) -> None:
        self._is_https = is_https

    def put(self, response: Response, value: str) -> None:
        """Let the browser keep it. Several may be on their way at once, so each has a name of its own."""
        response.set_cookie(
            f"{self.PREFIX}{uuid4().hex[:12]}",
            value,
            max_age=int(LIFETIME.total_seconds()),
            path=CALLBACK,
            secure=self._is_https,
            httponly=True,
            # people come back from another site
            samesite="lax",
        )

    def read(self, request: Request) -> dict[str, str]:
        """What the browser has kept."""
        return {name: value for name, value in request.cookies.items() if name.startswith(self.PREFIX)}


def callback_routes(authorizing: Authorizing, cookie: BrowserCookie) -> APIRouter:
    """The routes of coming back."""
    router = APIRouter(dependencies=[public()], include_in_schema=False)

    @router.get(CALLBACK)
    async def come_back(request: Request, state: Text = None, code: Text = None, error: Text = None) -> Response:
        """Somebody comes back."""
        try:
            arrival = await authorizing.arrive(state or "", cookie.read(request))
            if not arrival.is_same_browser:
                return HTMLResponse(confirm_page(arrival, state or "", code, error), headers=SAME_ORIGIN)
            return await _finish(state, code, error)
        except AuthorizationLost as lost:
            return HTMLResponse(lost_page(str(lost), authorizing.page(None)), 400, headers=NO_STORE)

    @router.post(CALLBACK)
    async def confirm(request: Request) -> Response:
        """Somebody who came back in another browser means it."""
        form = {name: values[0] for name, values in parse_qs(await _body(request)).items()}
        try:
            return await _finish(form.get("state"), form.get("code"), form.get("error"))
        except AuthorizationLost as lost:
            return HTMLResponse(lost_page(str(lost), authorizing.page(None)), 400, headers=NO_STORE)

    async def _finish(state: str | None, code: str | None, error: str | None) -> Response:
        connection = await authorizing.finish(state or "", code, error)
        return RedirectResponse(f"{authorizing.page(connection.id)}?authorized=1", 303, headers=NO_STORE)

    return router


async def _body(request: Request) -> str:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise AuthorizationLost
        parts.append(part)
    return b"".join(parts).decode(errors="replace")
