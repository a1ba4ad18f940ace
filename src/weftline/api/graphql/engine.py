"""Answers operations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
import structlog
from fastapi import Request, Response
from graphql import GraphQLError, OperationType
from starlette.requests import HTTPConnection
from strawberry.types.execution import ExecutionResult, PreExecutionError

from weftline.api.graphql.context import Operation
from weftline.api.graphql.documents import Documents
from weftline.api.graphql.errors import as_graphql, described
from weftline.api.graphql.options import GraphQLOptions
from weftline.api.graphql.persisted import PersistedQueries
from weftline.api.graphql.request import Asked, asked_in
from weftline.api.graphql.schema import schema
from weftline.api.graphql.writing import JSON_OPTIONS
from weftline.features.access.caller import Caller
from weftline.features.live.hub import Renew
from weftline.features.services import Services

JSON, GRAPHQL = "application/json", "application/graphql-response+json"


class GraphQL:
    """Answers operations.

    Args:
        services: what the features offer.
        options: how they are answered.
    """

    def __init__(self, services: Services, options: GraphQLOptions) -> None:
        self._services = services
        self._persisted = PersistedQueries(options.listed)
        self._documents = Documents(schema().core, options)

    async def answer(self, request: Request, caller: Caller, asked: Asked, *, queries_only: bool = False) -> Response:
        """The answer to a caller's request.

        Args:
            request: in which it came.
            caller: who asks.
            asked: what.
            queries_only: nothing may be changed.

        Raises:
            DomainError: it cannot be answered at all.
        """
        text = self._persisted.text_of(asked, caller.tenant_id)
        only = OperationType.QUERY if queries_only else None
        operation = Operation(caller, self._services, self._documents, only=only)
        result = await schema().execute(text, dict(asked.variables), operation, operation_name=asked.operation_name)
        return _response(request, result)

    async def subscribe(
        self, socket: HTTPConnection, payload: Mapping[str, Any], renew: Renew
    ) -> AsyncGenerator[dict[str, Any]]:
        """The answers to a subscription, as its client is sent them; one without data is the last.

        Args:
            socket: over which it came.
            payload: of the protocol's message.
            renew: says who asks, by now.
        """
        request = Request({**socket.scope, "type": "http", "method": "GET"})
        try:
            # whoever has connected may have been signed out since
            caller = await renew()
            asked = asked_in(payload)
            text = self._persisted.text_of(asked, caller.tenant_id)
            operation = Operation(caller, self._services, self._documents, only=OperationType.SUBSCRIPTION, renew=renew)
            results = await schema().subscribe(
                text, dict(asked.variables), operation, operation_name=asked.operation_name
            )
            async for result in results:
                yield _told(request, result)
        except GraphQLError as error:
            yield {"errors": [described(error, request)]}
        except Exception as error:
            # also where the database is lost meanwhile: the client must not wait for what comes no more
            yield {"errors": [described(as_graphql(error), request)]}


def _response(request: Request, result: ExecutionResult) -> Response:
    if result.errors:
        structlog.contextvars.bind_contextvars(graphql_errors=len(result.errors))
    answer = _told(request, result)
    is_refused = "data" not in answer
    # GraphQL over HTTP: only the newer media type tells by the status that nothing was executed
    is_new = GRAPHQL in request.headers.get("accept", "")
    return Response(
        orjson.dumps(answer, option=JSON_OPTIONS),
        400 if is_refused and is_new else 200,
        media_type=GRAPHQL if is_new else JSON,
    )


def _told(request: Request, result: ExecutionResult) -> dict[str, Any]:
    """A result as it is answered; without ``data`` where nothing was executed."""
    answer: dict[str, Any] = {}
    if result.errors:
        answer["errors"] = [described(error, request) for error in result.errors]
    if not isinstance(result, PreExecutionError):
        answer["data"] = result.data
    return answer
