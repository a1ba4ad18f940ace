"""``http.request``: requests to a system of one's own choice, signed in by a connection."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.errors import HttpStatusError
from weftline.authoring.integrations import Connection, Integration
from weftline.connectors.schema import address, anything, choice, mapping, record, text, whole
from weftline.connectors.ways_in import ANY_AUTH, OAUTH2_CONFIG

http = Integration(
    "http",
    title="HTTP",
    description="Requests to any system that speaks HTTP, signed in by a connection.",
    category="developer",
    icon="globe",
    auth=ANY_AUTH,
    config=record(
        {
            "baseUrl": address("The credentials go to addresses below it, and nowhere else.", title="Base URL"),
            "testPath": text(
                "Answers with success where the credentials are right; by it the connection is tried.",
                title="Path for tests",
            ),
            **OAUTH2_CONFIG,
        },
        ["baseUrl"],
    ),
    base_url="{baseUrl}",
    docs_url="https://www.rfc-editor.org/rfc/rfc9110",
)

_INPUT = record(
    {
        "method": choice(
            "What is asked for.", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", default="GET"
        ),
        "path": text("Below the connection's base URL.", default=""),
        "query": {"type": "object", "description": "Parameters; a list gives one several times."},
        "headers": {"type": "object", "description": "By name."},
        "body": anything("Text is sent as it is, anything else as JSON."),
        "json": anything("Sent as JSON, text too; in place of `body`."),
        "timeout": {
            "type": "number",
            "description": "Seconds for the whole exchange; the connection's own where absent.",
            "exclusiveMinimum": 0,
            "maximum": 3600,
        },
    },
)
_OUTPUT = record(
    {
        "status": whole("Of the answer."),
        "headers": mapping("By lower-case name.", {"type": "string"}),
        "body": anything("Parsed where it is JSON, else text, or base64 with `bodyEncoding`."),
        "bodyEncoding": {"const": "base64"},
    },
    ["status", "headers", "body"],
)


@http.action(
    "request",
    title="Send a request",
    input=_INPUT,
    output=_OUTPUT,
    example={"method": "POST", "path": "/orders", "json": {"sku": "A-1", "quantity": 2}},
)
async def request(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send one HTTP request below the connection's base URL, and return status, headers and body.

    The step's idempotency key goes along as ``Idempotency-Key``, and the id of the request that started the execution
    as ``X-Correlation-ID``. An answer with status 4xx or 5xx fails the step with code ``http_<status>``; 429, 5xx,
    timeouts and broken connections are tried again.
    """
    wanted = ctx.input
    headers: dict[str, Any] = {"Idempotency-Key": ctx.idempotency_key}
    if ctx.cause is not None:
        headers |= ctx.cause.headers()
    body: dict[str, Any] = {}
    if "json" in wanted:
        body["json"] = wanted["json"]
    elif isinstance(wanted.get("body"), str):
        headers["Content-Type"] = "text/plain; charset=utf-8"
        body["content"] = wanted["body"].encode()
    elif wanted.get("body") is not None:
        body["json"] = wanted["body"]
    return await connection.request(
        wanted.get("method", "GET"),
        wanted.get("path", ""),
        query=wanted.get("query"),
        headers=_merged(headers, wanted.get("headers") or {}),
        timeout=wanted.get("timeout"),
        **body,
    )


@http.test
async def test(connection: Connection) -> str | None:
    """Ask for the path that is meant for it; without one, any answer but a refusal will do."""
    path = connection.config.get("testPath")
    try:
        await connection.request("GET", path or "")
    except HttpStatusError as error:
        if path or error.status == 403 or error.status >= 500:
            raise
    return None


def _merged(own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Headers of which the given ones count, however their names are written."""
    names = {name.lower() for name in given}
    return {name: value for name, value in own.items() if name.lower() not in names} | given
