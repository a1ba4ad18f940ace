"""``/graphql``: one operation a request, by POST, or a query by GET; subscriptions over a WebSocket.

What answers is made with the first request: most processes that could answer GraphQL are never asked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.websockets import WebSocket

from weftline.api.graphql.options import GraphQLOptions
from weftline.api.graphql.request import read_get, read_post
from weftline.api.graphql.socket import SubscriptionSocket
from weftline.features.access.caller import Caller
from weftline.features.access.http import public, signed_in
from weftline.features.services import Services

if TYPE_CHECKING:
    from weftline.api.graphql.engine import GraphQL

PATH = "/graphql"
EXPLORER = "/graphql/explorer"

_MAY_LOAD = (
    "default-src 'self'; script-src https: 'unsafe-inline'; style-src https: 'unsafe-inline'; font-src https: data:;"
    " img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page loads comes from a content delivery network; the library pins it by hashes."""

Person = Annotated[Caller, signed_in()]


def graphql_routes(services: Services, options: GraphQLOptions) -> APIRouter:
    """The routes of GraphQL.

    Args:
        services: what the features offer.
        options: how operations are answered.
    """
    router = APIRouter(include_in_schema=False)

    @cache
    def engine() -> GraphQL:
        from weftline.api.graphql.engine import GraphQL

        return GraphQL(services, options)

    paths = (PATH, EXPLORER) if options.explorer else (PATH,)

    async def ask(request: Request, caller: Person) -> Response:
        """Answers an operation."""
        return await engine().answer(request, caller, await read_post(request))

    async def query(request: Request, caller: Person) -> Response:
        """Answers a query."""
        return await engine().answer(request, caller, read_get(request), queries_only=True)

    async def subscribe(websocket: WebSocket) -> None:
        """Answers subscriptions."""
        await SubscriptionSocket(websocket, services.live, engine(), services.gate).run()

    router.get(PATH)(query)
    for path in paths:
        # the page asks where it came from
        router.post(path)(ask)
        router.websocket(path)(subscribe)
    if options.explorer:
        router.get(EXPLORER, dependencies=[public()])(_explorer)
    return router


async def _explorer() -> HTMLResponse:
    """The page on which people write operations: GraphiQL, as the library has it."""
    from strawberry.http.ides import get_graphql_ide_html

    return HTMLResponse(get_graphql_ide_html("graphiql"), headers={"Content-Security-Policy": _MAY_LOAD})
