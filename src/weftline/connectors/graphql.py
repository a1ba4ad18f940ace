"""``graphql``: queries and mutations of any GraphQL endpoint (https://spec.graphql.org, GraphQL over HTTP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Connection, Integration
from weftline.connectors.answers import fields
from weftline.connectors.schema import address, anything, flag, given, listing, record, text
from weftline.connectors.ways_in import ANY_AUTH, OAUTH2_CONFIG

_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
_RATE_LIMITED = frozenset({"RATE_LIMITED", "THROTTLED", "TOO_MANY_REQUESTS"})
"""What servers that tell by ``extensions.code`` call it; no standard says."""

graphql = Integration(
    "graphql",
    title="GraphQL",
    description="Queries and mutations of a GraphQL endpoint.",
    category="developer",
    icon="waypoints",
    auth=ANY_AUTH,
    config=record({"url": address("Of the endpoint.", title="URL"), **OAUTH2_CONFIG}, ["url"]),
    base_url="{url}",
    docs_url="https://graphql.org/learn/serving-over-http/",
)


def _input(kind: str) -> dict[str, Any]:
    return record(
        {
            "query": given(f"The document: a {kind} in the language of GraphQL.", title="Document", **{"x-lines": 8}),
            "variables": {"type": "object", "description": "Values by name, without the dollar sign."},
            "operationName": given("Which operation, where the document has several."),
            "allowErrors": flag(
                "Where there are errors beside data, give both; else they fail the step.", default=False
            ),
        },
        ["query"],
    )


_ERROR = record(
    {
        "message": text("For people."),
        "path": {"type": "array", "description": "Of the field that failed."},
        "locations": {"type": "array", "description": "Lines and columns of the document."},
        "extensions": {"type": "object", "description": "Whatever else the server says."},
    },
    ["message"],
    is_open=True,
)
_OUTPUT = record(
    {
        "data": anything("What the operation selects."),
        "errors": listing("With `allowErrors`: what went wrong in parts of it.", _ERROR),
        "extensions": {"type": "object", "description": "Whatever else the server says."},
    },
    ["data"],
)


@graphql.action(
    "query",
    title="Query",
    input=_input("query"),
    output=_OUTPUT,
    example={
        "query": "query ($id: ID!) { customer(id: $id) { name email } }",
        "variables": {"id": "C-1"},
    },
)
async def query(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Run a query, and return what it selects.

    Errors in the answer fail the step with code ``graphql_error``, unless ``allowErrors`` is set and there is data.
    """
    return await _run(ctx, connection, "query")


@graphql.action(
    "mutation",
    title="Mutation",
    input=_input("mutation"),
    output=_OUTPUT,
    example={
        "query": "mutation ($name: String!) { createCustomer(name: $name) { id } }",
        "variables": {"name": "Ada"},
    },
)
async def mutation(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Run a mutation, and return what it selects.

    The step's idempotency key goes along as ``Idempotency-Key``. Errors in the answer fail the step with code
    ``graphql_error``, unless ``allowErrors`` is set and there is data.
    """
    return await _run(ctx, connection, "mutation")


@graphql.test
async def test(connection: Connection) -> str | None:
    """Ask for the name of the type at the root, which every endpoint knows."""
    _read(await _send(connection, {"query": "{ __typename }"}, {}), connection, is_lenient=False)
    return None


async def _run(ctx: Context, connection: Connection, kind: Literal["query", "mutation"]) -> dict[str, Any]:
    wanted = ctx.input
    _check(wanted["query"], wanted.get("operationName"), kind)
    message = {name: wanted[name] for name in ("query", "variables", "operationName") if name in wanted}
    headers = {} if ctx.cause is None else dict(ctx.cause.headers())
    if kind == "mutation":
        headers["Idempotency-Key"] = ctx.idempotency_key
    answer = await _send(connection, message, headers)
    return _read(answer, connection, is_lenient=wanted.get("allowErrors", False))


async def _send(connection: Connection, message: dict[str, Any], headers: dict[str, str]) -> Any:
    """The body of the answer. The errors of a document come with status 200 or 4xx, as the server likes."""
    try:
        answer = await connection.request("POST", "", headers={"Accept": _ACCEPT, **headers}, json=message)
    except HttpStatusError as error:
        if error.status >= 500 or "errors" not in fields(error.body):
            raise
        return error.body
    return answer["body"]


def _check(document: str, name: str | None, kind: str) -> None:
    """Refuse what is no document, or does something else than it should, before anything is sent."""
    from graphql import GraphQLError, OperationDefinitionNode, get_operation_ast, parse

    try:
        parsed = parse(document, no_location=True, max_tokens=20_000)
    except GraphQLError as error:
        place = f" (line {error.locations[0].line}, column {error.locations[0].column})" if error.locations else ""
        raise _invalid(f"the document is not GraphQL: {error.message}{place}") from None
    operation = get_operation_ast(parsed, name)
    if operation is None:
        count = sum(isinstance(each, OperationDefinitionNode) for each in parsed.definitions)
        if name is not None:
            raise _invalid(f"the document has no operation '{name}'")
        raise _invalid("the document has no operation" if count == 0 else "'operationName' must say which operation")
    if operation.operation.value != kind:
        raise _invalid(f"the document is a {operation.operation.value}; this action runs a {kind}")


def _invalid(problem: str) -> ActionError:
    return ActionError(f"graphql: {problem}", code="invalid_input", retryable=False)


def _read(body: Any, connection: Connection, *, is_lenient: bool) -> dict[str, Any]:
    answer = fields(body)
    if not {"data", "errors"} & answer.keys():
        message = "graphql: the answer is none of GraphQL; is the URL that of the endpoint?"
        raise ActionError(message, code="unexpected_answer", retryable=False)
    errors: Sequence[Mapping[str, Any]] = answer.get("errors") or ()
    data = answer.get("data")
    if errors and not (is_lenient and data is not None):
        raise _failure(errors, data, connection)
    output: dict[str, Any] = {"data": data}
    if errors:
        output["errors"] = list(errors)
    if isinstance(answer.get("extensions"), dict):
        output["extensions"] = answer["extensions"]
    return output


def _failure(errors: Sequence[Mapping[str, Any]], data: Any, connection: Connection) -> ActionError:
    message = "; ".join(str(each.get("message", "")) for each in errors[:3])
    codes = {str(fields(each.get("extensions")).get("code", "")) for each in errors}
    if "UNAUTHENTICATED" in codes and connection.auth_type != "NONE":
        return connection.unauthorized(message)
    if codes & _RATE_LIMITED:
        return connection.rate_limited(f"graphql: {message}", None)
    details = {"errors": list(errors), "data": data}
    return ActionError(f"graphql: {message}", code="graphql_error", retryable=False, details=details)
