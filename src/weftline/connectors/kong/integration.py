"""The integration, and how its API is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import (
    BASIC,
    MUTUAL_TLS,
    NO_AUTH,
    ApiKey,
    Connection,
    Integration,
    path,
    secrets,
)
from weftline.connectors.answers import fields
from weftline.connectors.schema import Schema, address, given, listing, record

_PAGE = 1000
_CONFLICT = 409

kong = Integration(
    "kong",
    title="Kong",
    description="Consumers, groups and credentials of a Kong gateway.",
    category="developer",
    icon="network",
    auth=(
        ApiKey(
            title="Admin token",
            name="Kong-Admin-Token",
            credentials=secrets(apiKey="Admin token"),
        ),
        BASIC,
        MUTUAL_TLS,
        NO_AUTH,
    ),
    config=record(
        {
            "adminUrl": address("Of the Admin API, like `http://kong.internal:8001`.", title="Admin URL"),
            "workspace": given("Of Kong Enterprise; the default one, if absent.", title="Workspace"),
        },
        ["adminUrl"],
    ),
    base_url="{adminUrl}",
    docs_url="https://developer.konghq.com/api/gateway/admin-ee/",
)

TAGS: Schema = listing("Words by which things are found.", {"type": "string", "minLength": 1})


@kong.test
async def test(connection: Connection) -> str | None:
    """Ask which Kong it is."""
    about = await call(connection, "GET", "")
    return f"Kong {about['version']}" if "version" in about else None


async def call(
    connection: Connection,
    method: str,
    path_: str,
    *,
    query: Mapping[str, Any] | None = None,
    json: Any = ...,
) -> dict[str, Any]:
    """Call the Admin API, and return the body of its answer; empty where it has none.

    Raises:
        ActionError: code ``http_<status>`` with Kong's own words, or ``kong_conflict`` where something of the same
            name is there already.
    """
    workspace = connection.config.get("workspace")
    target = f"{path(workspace)}/{path_}" if workspace else path_
    try:
        answer = await connection.request(method, target, query=query, json=json)
    except HttpStatusError as error:
        raise _failure(error) from None
    return fields(answer["body"])


async def listed(
    connection: Connection, path_: str, limit: int, query: Mapping[str, Any] | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """The things of a list, and whether there are more than ``limit``."""
    found: list[dict[str, Any]] = []
    offset: str | None = None
    while True:
        asked = {**(query or {}), "size": min(limit + 1, _PAGE), "offset": offset}
        page = await call(connection, "GET", path_, query=asked)
        found += page["data"]
        offset = page.get("offset")
        if not offset or len(found) > limit:
            return found[:limit], len(found) > limit


async def delete(connection: Connection, path_: str) -> dict[str, Any]:
    """Delete what stands at a path; what is gone already is fine."""
    try:
        await call(connection, "DELETE", path_)
    except ActionError as error:
        if error.code != "http_404":
            raise
    return {"deleted": True}


def own_id(ctx: Context, kind: str) -> str:
    """The id of what this step creates, the same for each attempt."""
    return str(uuid5(NAMESPACE_URL, f"weftline:{ctx.tenant.id}:{ctx.idempotency_key}:{kind}"))


def _failure(error: HttpStatusError) -> ActionError:
    body = fields(error.body)
    said = body.get("message")
    if not said:
        return error
    code = "kong_conflict" if error.status == _CONFLICT else error.code
    return ActionError(
        f"kong: {said}",
        code=code,
        retryable=error.retryable,
        retry_after=error.retry_after,
        details={"status": error.status, "name": body.get("name"), "fields": body.get("fields")},
    )
