"""GraphQL requests over HTTP, by the GraphQL-over-HTTP specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import Request

from weftline.features.errors import FieldError, Malformed, UnsupportedMediaType
from weftline.features.http.body import media_type, parse_json

FIELDS = ("query", "variables", "operationName", "extensions")


class InvalidGraphQLRequest(Malformed):
    """The request does not say what GraphQL requests say."""

    code = "graphql_request"
    title = "Not a GraphQL request"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks.

    Attributes:
        query: the operation's text; None where only its hash was sent.
        variables: for it.
        operation_name: which of the text's operations.
        extensions: of the request; ``persistedQuery`` is known.
    """

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    operation_name: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])


async def read_post(request: Request) -> Asked:
    """What a POST asks.

    Raises:
        UnsupportedMediaType: its body is no JSON.
        MalformedJson, InvalidGraphQLRequest: it cannot be read.
    """
    # what another site's page can send without being asked about it first says nothing, or something else
    kind = media_type(request)
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType("An operation is sent as JSON, with 'Content-Type: application/json'.")
    body = parse_json(await request.body())
    if isinstance(body, list):
        raise InvalidGraphQLRequest("One operation is sent at a time: a list of operations is not read.")
    if not isinstance(body, dict):
        raise InvalidGraphQLRequest("The body must be an object with 'query'.")
    return asked_in(cast("dict[str, Any]", body))


def read_get(request: Request) -> Asked:
    """What a GET asks; variables and extensions are JSON.

    Raises:
        MalformedJson, InvalidGraphQLRequest: it cannot be read.
    """
    said: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in said:
            said[name] = parse_json(said[name].encode())
    return asked_in(said)


def asked_in(said: Mapping[str, Any]) -> Asked:
    """What a request asks that says this.

    Raises:
        InvalidGraphQLRequest: it is none.
    """
    unknown = sorted(said.keys() - FIELDS)
    errors = [FieldError(f"/{name}", f"unknown; there are {', '.join(FIELDS)}", "unknown_field") for name in unknown]
    kinds: dict[str, tuple[type, str]] = {
        "query": (str, "a string"),
        "variables": (dict, "an object"),
        "operationName": (str, "a string"),
        "extensions": (dict, "an object"),
    }
    for name, (kind, text) in kinds.items():
        if said.get(name) is not None and not isinstance(said[name], kind):
            errors.append(FieldError(f"/{name}", f"must be {text}", "type_mismatch"))
    if errors:
        raise InvalidGraphQLRequest("The request cannot be read; see 'errors'.", errors)
    return Asked(
        said.get("query") or None, said.get("variables") or {}, said.get("operationName"), said.get("extensions") or {}
    )
