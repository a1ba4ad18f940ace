"""Asks the API by GraphQL."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api import client as rest
from tests.api.client import Client


async def ask(client: Client, query: str, /, **variables: Any) -> dict[str, Any]:
    """The data of an operation that nothing is wrong with."""
    answer = await send(client, query, **variables)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert "errors" not in document, document["errors"]
    return document["data"]


async def send(client: Client, query: str, /, **variables: Any) -> httpx.Response:
    """The answer to an operation."""
    return await client.http.post("/graphql", json={"query": query, "variables": variables})


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one error that an answer must have, as a problem document says it."""
    if answer.headers["content-type"] == "application/problem+json":
        # the request was no operation
        return rest.problem(answer, status, code)
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    [error] = answer.json()["errors"]
    told = error["extensions"]
    assert (told["status"], told["code"]) == (status, code), answer.text
    assert told["type"] == f"/errors/{code}" and told["title"]
    assert told["correlationId"] == answer.headers["x-request-id"]
    return {"detail": error["message"], **told}
