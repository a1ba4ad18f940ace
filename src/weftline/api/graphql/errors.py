"""What can be wrong with a GraphQL request, and how errors are told.

::

    Malformed  ├── UnreadableOperation
               ├── InvalidOperation
               ├── TooDeep
               ├── TooBroad
               ├── TooCostly
               ├── QueriesOnly
               └── SubscriptionsApart
    Invalid    └── AnswerTooLarge
    NotFound   └── UnknownPersistedQuery
    Forbidden  └── NotAllowListed
    Conflict   └── NotReviewed

Every error has in its ``extensions`` what the problem document of the same failure over REST has.
"""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from fastapi import Request
from graphql import GraphQLError

from weftline.api.problems import internal_error_body, problem_response
from weftline.features.errors import Conflict, Forbidden, Invalid, Malformed, NotFound

log = structlog.get_logger(__name__)

SHARED = ("code", "status", "type", "title", "errors", "correlationId")
"""What an error's extensions have of a problem document."""


class UnreadableOperation(Malformed):
    """The text is no GraphQL."""

    code = "graphql_syntax"
    title = "Not GraphQL"


class InvalidOperation(Malformed):
    """The operation does not fit the schema, or its variables do not."""

    code = "graphql_invalid"
    title = "Operation not valid"


class TooDeep(Malformed):
    """The operation nests deeper than allowed."""

    code = "graphql_too_deep"
    title = "Operation too deep"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The operation nests fields deeper than {limit} levels.")


class TooBroad(Malformed):
    """The operation asks for too many fields."""

    code = "graphql_too_broad"
    title = "Operation too broad"


class TooCostly(Malformed):
    """The operation may answer with too many objects and documents."""

    code = "graphql_too_costly"
    title = "Operation too costly"

    def __init__(self, cost: int, limit: int) -> None:
        super().__init__(
            f"The operation costs {cost:,}, and may cost {limit:,}: ask for smaller pages (`first`) or for less."
        )


class AnswerTooLarge(Invalid):
    """The answer to the operation is larger than the server sends."""

    code = "graphql_answer_too_large"
    title = "Answer too large"

    def __init__(self, limit: int, *, is_done: bool) -> None:
        done = " What the operation changes is changed nevertheless." if is_done else ""
        super().__init__(
            f"The answer would be larger than {limit:,} bytes: ask for smaller pages (`first`), or for fewer documents,"
            f" such as `data`, at a time.{done}"
        )


class QueriesOnly(Malformed):
    """A mutation came in a way in which only queries may."""

    code = "graphql_queries_only"
    title = "Queries only"

    def __init__(self) -> None:
        super().__init__("Only queries are answered here: send everything else by POST.")


class SubscriptionsApart(Malformed):
    """A subscription came by HTTP, or something else over the WebSocket."""

    code = "graphql_subscriptions_apart"
    title = "Subscriptions apart"

    def __init__(self) -> None:
        super().__init__(
            "Subscriptions come over a WebSocket (graphql-transport-ws), and nothing else does: send the rest by POST."
        )


class NotReviewed(Conflict):
    """Executions of the template are no drafts at first."""

    code = "no_review"
    title = "No review"

    def __init__(self, template_id: str) -> None:
        super().__init__(
            f"Template '{template_id}' has no review (settings.review), so that its executions begin at once: start one"
            " with 'startExecution'."
        )


class UnknownPersistedQuery(NotFound):
    """No operation is kept under this hash; the message is the one that clients look for."""

    code = "persisted_query_not_found"
    title = "Persisted query not found"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class NotAllowListed(Forbidden):
    """The server answers operations of its list only."""

    code = "persisted_queries_only"
    title = "Persisted queries only"

    def __init__(self) -> None:
        super().__init__("This server answers only the operations that its operators have listed.")


def described(error: GraphQLError, request: Request) -> dict[str, Any]:
    """An error as the answer tells it; a fault of ours is logged, and nothing is said of it.

    Args:
        error: of the operation.
        request: in which it came.
    """
    cause = _cause_of(error)
    response = problem_response(request, cause)
    if response is None:
        path = ".".join(map(str, error.path or ()))
        log.error("field failed", field=path, exc_info=cause)
    document = orjson.loads(internal_error_body(request.url.path) if response is None else response.body)
    told: dict[str, Any] = {"message": document["detail"]}
    if error.locations:
        told["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path is not None:
        told["path"] = error.path
    told["extensions"] = {name: document[name] for name in SHARED if name in document}
    return told


def _cause_of(error: GraphQLError) -> Exception:
    """What an error comes from: something of ours, else a fault of the operation."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        error, cause = cause, cause.original_error
    return InvalidOperation(error.message) if cause is None else cause


def as_graphql(error: Exception) -> GraphQLError:
    """An error of ours that concerns the whole operation."""
    return GraphQLError(str(error), original_error=error)
