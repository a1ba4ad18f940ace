"""Limits on how often one address may ask, before anything else is done for it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weftline.api.problems import refuse
from weftline.api.web_app import FILES
from weftline.features.http.origin import current_origin
from weftline.features.identity.authenticator import CALLER_KEY
from weftline.features.rates.errors import RateLimited
from weftline.features.rates.limiter import TALLY_KEY, RateLimiter, Tally

UNLIMITED = ("/health/", FILES)
"""What paths begin with that are never limited: who asks for health decides whether this server gets requests at all,
and one page of the web app asks for dozens of its files."""


class RateLimit:
    """Holds addresses to their limits, and tells every answer how the request stands.

    What callers and tenants may is looked at by the gate, once it is known who they are.

    Args:
        app: what answers.
        limiter: counts.
    """

    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan" or CALLER_KEY in scope or scope["path"].startswith(UNLIMITED):
            await self._app(scope, receive, send)
            return
        try:
            self._limiter.knock(scope, current_origin().address)
        except RateLimited as error:
            await refuse(scope, _telling(scope[TALLY_KEY], send), error)
            return
        await self._app(scope, receive, _telling(scope[TALLY_KEY], send))


def _telling(tally: Tally, send: Send) -> Send:
    async def send_with_standing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *tally.headers()]
        await send(message)

    return send_with_standing
