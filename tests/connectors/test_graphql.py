"""Queries and mutations of a GraphQL endpoint, which runs the language's reference implementation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLError, build_schema, graphql_sync

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.connectors.graphql import graphql
from weftline.testing.connectors import call, connected

SCHEMA = build_schema(
    """
    type Customer { id: ID! name: String! email: String }
    type Query { customer(id: ID!): Customer secret: String limit: String }
    type Mutation { createCustomer(name: String!): Customer }
    """
)


class Root:
    """What the schema's fields resolve to."""

    def __init__(self) -> None:
        self.created: list[str] = []

    def customer(self, info: Any, id: str) -> dict[str, Any] | None:
        def email(info: Any) -> str:
            raise GraphQLError("the mail server is away", extensions={"code": "UPSTREAM"})

        return {"id": id, "name": "Ada", "email": email} if id == "C-1" else None

    def secret(self, info: Any) -> str:
        raise GraphQLError("sign in first", extensions={"code": "UNAUTHENTICATED"})

    def limit(self, info: Any) -> str:
        raise GraphQLError("too many points", extensions={"code": "THROTTLED"})

    def createCustomer(self, info: Any, name: str) -> dict[str, Any]:
        self.created.append(name)
        return {"id": f"C-{len(self.created)}", "name": name}


class Endpoint(FakeServer):
    """GraphQL over HTTP: errors of a document come with status 400 to those who accept the newer media type."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Root()

    def answer(self, request: Request) -> Answer:
        if request.path != "/graphql":
            return Answer(200, text="<html>the shop</html>", headers={"Content-Type": "text/html"})
        asked = request.json
        result = graphql_sync(
            SCHEMA,
            asked["query"],
            self.root,
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        status = 400 if result.data is None and result.errors and result.errors[0].path is None else 200
        media_type = "application/graphql-response+json"
        assert media_type in request.headers["accept"]
        return Answer(status, result.formatted, {"Content-Type": media_type})


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with running(Endpoint()) as server:
        yield server


QUERY = "query Find($id: ID!) { customer(id: $id) { name } }"


async def test_a_query_gives_what_it_selects(endpoint: Endpoint):
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        output = await call("graphql.query", connection, query=QUERY, variables={"id": "C-1"})
    assert output == {"data": {"customer": {"name": "Ada"}}}
    assert "idempotency-key" not in endpoint.requests[0].headers


async def test_a_mutation_goes_with_the_steps_idempotency_key(endpoint: Endpoint):
    document = "mutation ($name: String!) { createCustomer(name: $name) { id } }"
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        output = await call("graphql.mutation", connection, query=document, variables={"name": "Bob"})
    assert output["data"] == {"createCustomer": {"id": "C-1"}}
    assert endpoint.root.created == ["Bob"]
    assert endpoint.requests[0].headers["idempotency-key"] == "execution/step"


async def test_one_of_several_operations_is_named(endpoint: Endpoint):
    document = f"{QUERY} query Other {{ __typename }}"
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        output = await call("graphql.query", connection, query=document, operationName="Other")
        assert output["data"] == {"__typename": "Query"}
        error = await refusal("graphql.query", connection, query=document)
    assert "operationName" in error.message


async def test_errors_fail_the_step(endpoint: Endpoint):
    document = '{ customer(id: "C-1") { name email } }'
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        error = await refusal("graphql.query", connection, query=document)
        assert (error.code, error.retryable) == ("graphql_error", False)
        assert error.details["errors"][0]["path"] == ["customer", "email"]
        assert error.details["data"] == {"customer": {"name": "Ada", "email": None}}
        output = await call("graphql.query", connection, query=document, allowErrors=True)
    assert output["data"] == {"customer": {"name": "Ada", "email": None}}
    assert output["errors"][0]["extensions"] == {"code": "UPSTREAM"}


async def test_a_document_that_the_schema_does_not_know_fails_with_the_servers_words(endpoint: Endpoint):
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        error = await refusal("graphql.query", connection, query="{ nothing }", allowErrors=True)
    assert (error.code, error.message) == ("graphql_error", "graphql: Cannot query field 'nothing' on type 'Query'.")


REFUSED = {
    "no GraphQL": ("graphql.query", "{ customer(", "is not GraphQL: Syntax Error"),
    "a mutation for the action of queries": ("graphql.query", "mutation { createCustomer(name: 1) { id } }", "a query"),
    "a query for the action of mutations": ("graphql.mutation", "{ __typename }", "runs a mutation"),
    "only a fragment": ("graphql.query", "fragment Some on Customer { id }", "has no operation"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_nothing_is_sent_of(endpoint: Endpoint, case: str):
    action, document, words = REFUSED[case]
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        error = await refusal(action, connection, query=document)
    assert (error.code, error.retryable, endpoint.requests) == ("invalid_input", False, [])
    assert words in error.message


async def test_errors_that_speak_of_credentials_and_limits_hold_the_step(endpoint: Endpoint):
    config = {"url": f"{endpoint.url}/graphql"}
    async with connected(graphql, auth="BEARER", config=config, credentials={"token": "old"}) as connection:
        assert (await refusal("graphql.query", connection, query="{ secret }")).code == "connection_unauthorized"
        assert (await refusal("graphql.query", connection, query="{ limit }")).code == "rate_limited"
        endpoint.failures = [Answer(401, text="no"), Answer(429, text="slow", headers={"Retry-After": "3"})]
        assert (await refusal("graphql.query", connection, query="{ limit }")).code == "connection_unauthorized"
        assert (await refusal("graphql.query", connection, query="{ limit }")).retry_after == 3.0


async def test_an_address_that_is_no_endpoint_is_told(endpoint: Endpoint):
    assert graphql.tester is not None
    async with connected(graphql, config={"url": f"{endpoint.url}/graphql"}) as connection:
        assert await graphql.tester(connection) is None
    async with connected(graphql, config={"url": f"{endpoint.url}/shop"}) as connection:
        with pytest.raises(ActionError, match="is the URL that of the endpoint"):
            await graphql.tester(connection)
