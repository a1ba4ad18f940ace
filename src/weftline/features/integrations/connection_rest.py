"""Connections over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import PREFIX, api_router
from weftline.features.integrations import examples
from weftline.features.integrations.authorizing import Authorizing
from weftline.features.integrations.callback_rest import BrowserCookie
from weftline.features.integrations.connection_schemas import (
    AuthorizationOut,
    ConnectionOut,
    ConnectionPatch,
    ConnectionQuery,
    NewConnectionBody,
    RemovalQuery,
)
from weftline.features.integrations.errors import (
    ConnectionChanged,
    ConnectionExists,
    ConnectionInUse,
    ConnectionNotFound,
    IntegrationNotFound,
    InvalidConnection,
    NotAuthorizable,
    TooManyConnections,
)
from weftline.features.integrations.permissions import READ
from weftline.features.integrations.service import ConnectionService, Shown

# whether somebody may change one depends on whose it is; see the service
Member = Annotated[Caller, requires(READ)]
Beginner = Annotated[Caller, requires(READ, takes_key=False)]
ConnectionId = Annotated[UUID, Path(description="The connection's id.", examples=[examples.ID])]


def connection_routes(service: ConnectionService, authorizing: Authorizing, cookie: BrowserCookie) -> APIRouter:
    """The routes of connections."""
    router = api_router("/connections", tag="Connections")
    _add_things(router, service)
    _add_acts(router, service)
    _add_authorizing(router, authorizing, cookie)
    return router


def _add_things(router: APIRouter, service: ConnectionService) -> None:
    @router.get(
        "",
        summary="List connections",
        responses=answers({"items": [examples.CONNECTION], "nextCursor": None}, description="By name."),
    )
    async def list_connections(caller: Member, query: Annotated[ConnectionQuery, Query()]) -> Page[ConnectionOut]:
        """Lists the tenant's connections and the caller's own. Nobody is shown credentials."""
        window = query.window()
        found, states = await service.list(
            caller,
            window,
            is_personal=query.is_personal,
            integration=query.integration_id,
            statuses=query.status,
            query=query.query,
        )
        return window.page(found, lambda each: ConnectionOut.of(each, states.get(each.id)))

    @router.post(
        "",
        status_code=201,
        summary="Create a connection",
        responses=answers(examples.CONNECTION, status=201, description="The connection, and how its test went.")
        | failures(IntegrationNotFound, InvalidConnection, ConnectionExists, TooManyConnections),
    )
    async def create_connection(
        caller: Member,
        body: Annotated[NewConnectionBody, Body(openapi_examples={"chat": {"value": examples.NEW}})],
        response: Response,
    ) -> ConnectionOut:
        """Connects to a system. It is tried at once, and stored whether it works or not: `status` says which."""
        made = await service.create(caller, body.draft(), is_tested=body.test)
        response.headers["Location"] = f"{PREFIX}/connections/{made.connection.id}"
        return _detail(made, response)

    @router.get(
        "/{connection_id}",
        summary="Get a connection",
        responses=answers(examples.CONNECTION, description="The connection.") | failures(ConnectionNotFound),
    )
    async def get_connection(caller: Member, connection_id: ConnectionId, response: Response) -> ConnectionOut:
        """Shows a connection: where it leads, how it stands, and its circuit breaker."""
        return _detail(await service.get(caller, connection_id), response)

    @router.patch(
        "/{connection_id}",
        summary="Change a connection",
        responses=answers(examples.CONNECTION, description="The changed connection.")
        | failures(
            IntegrationNotFound,
            ConnectionNotFound,
            ConnectionChanged,
            ConnectionExists,
            ConnectionInUse,
            InvalidConnection,
        ),
    )
    async def change_connection(
        caller: Member,
        connection_id: ConnectionId,
        expected: ExpectedEtag,
        body: Annotated[ConnectionPatch, Body(openapi_examples={"token": {"value": examples.CHANGE}})],
        response: Response,
    ) -> ConnectionOut:
        """Changes what is given of a connection. Steps that wait for it go on at once."""
        changed = await service.change(
            caller, connection_id, body.change(), is_tested=body.test, expected_etag=expected
        )
        return _detail(changed, response)

    @router.delete(
        "/{connection_id}",
        summary="Remove a connection",
        responses=answers(examples.CONNECTION, description="What it was.")
        | failures(ConnectionNotFound, ConnectionChanged, ConnectionInUse),
    )
    async def remove_connection(
        caller: Member,
        connection_id: ConnectionId,
        expected: ExpectedEtag,
        query: Annotated[RemovalQuery, Query()],
    ) -> ConnectionOut:
        """Removes a connection, and gives its tokens back. One that published workflows name is kept, unless `force`
        is given: their steps then fail.
        """
        removed = await service.remove(caller, connection_id, force=query.force, expected_etag=expected)
        return ConnectionOut.of(*removed)


def _add_acts(router: APIRouter, service: ConnectionService) -> None:
    @router.post(
        "/{connection_id}/test",
        summary="Test a connection",
        responses=_done() | failures(IntegrationNotFound, ConnectionNotFound, InvalidConnection),
    )
    async def test_connection(caller: Member, connection_id: ConnectionId, response: Response) -> ConnectionOut:
        """Tries a connection: `status` and `statusDetail` say what came of it."""
        return _detail(await service.test(caller, connection_id), response)

    @router.post(
        "/{connection_id}/reset",
        summary="Reset a connection's circuit breaker",
        responses=_done() | failures(ConnectionNotFound),
    )
    async def reset_connection(caller: Member, connection_id: ConnectionId, response: Response) -> ConnectionOut:
        """Lets steps use a connection again whose other side has failed. Those that wait for it go on at once."""
        return _detail(await service.reset(caller, connection_id), response)

    @router.post(
        "/{connection_id}/enable",
        summary="Enable a connection",
        responses=_done() | failures(ConnectionNotFound),
    )
    async def enable_connection(caller: Member, connection_id: ConnectionId, response: Response) -> ConnectionOut:
        """Lets steps use a disabled connection again. Nothing happens where they may."""
        return _detail(await service.enable(caller, connection_id), response)

    @router.post(
        "/{connection_id}/disable",
        summary="Disable a connection",
        responses=answers(examples.DISABLED, description="The disabled connection.") | failures(ConnectionNotFound),
    )
    async def disable_connection(caller: Member, connection_id: ConnectionId, response: Response) -> ConnectionOut:
        """Lets no step use a connection. Its credentials stay."""
        return _detail(await service.disable(caller, connection_id), response)


def _add_authorizing(router: APIRouter, authorizing: Authorizing, cookie: BrowserCookie) -> None:
    @router.post(
        "/{connection_id}/authorize",
        summary="Authorize a connection",
        responses=answers(examples.AUTHORIZATION, description="Where to allow access.")
        | failures(IntegrationNotFound, ConnectionNotFound, InvalidConnection, NotAuthorizable),
    )
    async def authorize_connection(
        caller: Beginner, connection_id: ConnectionId, response: Response
    ) -> AuthorizationOut:
        """Begins OAuth 2.0: open the address in a browser, allow access there, and the connection is ready. Allowing
        it in another browser than the one that made this call asks for a confirmation.
        """
        begun = await authorizing.begin(caller, connection_id)
        cookie.put(response, begun.browser)
        return AuthorizationOut(authorization_url=begun.url, expires_at=begun.expires_at)

    @router.post(
        "/{connection_id}/disconnect",
        summary="Disconnect a connection",
        responses=answers(examples.DISCONNECTED, description="The connection, without tokens.")
        | failures(IntegrationNotFound, ConnectionNotFound, InvalidConnection, NotAuthorizable),
    )
    async def disconnect_connection(caller: Member, connection_id: ConnectionId, response: Response) -> ConnectionOut:
        """Gives the tokens of a connection back, where the other system takes them, and forgets them."""
        return _detail(await authorizing.disconnect(caller, connection_id), response)


def _done() -> dict[int | str, dict[str, Any]]:
    return answers(examples.CONNECTION, description="The connection.")


def _detail(shown: Shown, response: Response) -> ConnectionOut:
    response.headers.update(etag(shown.connection.etag))
    return ConnectionOut.of(*shown)
