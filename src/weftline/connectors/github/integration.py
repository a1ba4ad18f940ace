"""The integration, and how its API is called."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import (
    OAUTH2_CREDENTIALS,
    Auth,
    Connection,
    Integration,
    OAuth2,
    secrets,
    with_secret,
)
from weftline.connectors.answers import fields
from weftline.connectors.schema import Schema, address, given, record

PAGE = 100
"""Things that one page of a list holds at most."""

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

_WEBHOOK_SECRET = given("With which GitHub signs the calls of its webhooks.", title="Webhook secret")

_APP = OAuth2(
    title="GitHub app",
    authorization_url="https://github.com/login/oauth/authorize",
    token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
    scopes=("repo", "workflow"),
    is_client_in_body=True,
    credentials=with_secret(OAUTH2_CREDENTIALS, "webhookSecret", _WEBHOOK_SECRET),
)

github = Integration(
    "github",
    title="GitHub",
    description="Issues, files, releases and workflows of repositories on GitHub.",
    category="developer",
    icon="git-branch",
    auth=(
        Auth(
            type="BEARER",
            title="Access token",
            credentials=with_secret(secrets(token="Access token"), "webhookSecret", _WEBHOOK_SECRET),  # noqa: S106
        ),
        _APP,
        Auth(
            type="CUSTOM",
            title="Webhooks only",
            credentials=record({"webhookSecret": _WEBHOOK_SECRET}, ["webhookSecret"]),
        ),
    ),
    config=record(
        {
            "baseUrl": address(
                "Of the API; GitHub Enterprise Server has `https://HOST/api/v3`.",
                title="API",
                default="https://api.github.com",
            )
        }
    ),
    base_url="{baseUrl}",
    docs_url="https://docs.github.com/rest",
)

REPOSITORY: dict[str, Schema] = {
    "owner": given("The person or organisation whose repository it is."),
    "repo": given("The repository's name.", title="Repository"),
}
"""What every input names."""


@github.test
async def test(connection: Connection) -> str | None:
    """Ask who the token belongs to; one of an app belongs to no person, and for webhooks only there is none."""
    if connection.auth_type == "CUSTOM":
        return None
    try:
        return str((await call(connection, "GET", "user"))["login"])
    except ActionError as error:
        if error.code != "http_403":
            raise
    await call(connection, "GET", "rate_limit")
    return None


async def call(
    connection: Connection,
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    json: Any = ...,
) -> Any:
    """Call the API, and return the body of its answer.

    Raises:
        ActionError: code ``http_<status>``, with GitHub's own words; ``rate_limited`` where too much was asked;
            ``invalid_connection`` where the connection is for webhooks only.
    """
    if connection.auth_type == "CUSTOM":
        message = "github: this connection is for webhooks only; use one with a token"
        raise ActionError(message, code="invalid_connection", retryable=False)
    try:
        answer = await connection.request(method, path, query=query, headers=_HEADERS, json=json)
    except HttpStatusError as error:
        raise _failure(error, connection) from None
    return answer["body"]


async def delete(connection: Connection, target: str) -> bool:
    """Delete what stands at a path; False where it was gone already."""
    try:
        await call(connection, "DELETE", target)
    except ActionError as error:
        if error.code != "http_404":
            raise
        return False
    return True


def _failure(error: HttpStatusError, connection: Connection) -> ActionError:
    body = fields(error.body)
    said = str(body.get("message", ""))
    if error.status == 403:
        # https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: a spent limit comes as 403, too
        if error.retry_after is not None:
            return connection.rate_limited(f"github: {said}", error.retry_after)
        if error.headers.get("x-ratelimit-remaining") == "0":
            return connection.rate_limited(f"github: {said}", _until_reset(error.headers.get("x-ratelimit-reset")))
        if "secondary rate limit" in said:
            return connection.rate_limited(f"github: {said}", 60.0)
    if not said:
        return error
    return ActionError(
        f"github: {said}{_problems(body.get('errors'))}",
        code=error.code,
        retryable=error.retryable,
        retry_after=error.retry_after,
        details=error.details,
    )


def _until_reset(stamp: str | None) -> float | None:
    """Seconds until a moment in Unix seconds."""
    return max(int(stamp) - time.time(), 1.0) if stamp is not None and stamp.isdigit() else None


def _problems(errors: Any) -> str:
    """What is wrong with which field, of an answer with status 422."""
    if not isinstance(errors, list):
        return ""
    told: list[str] = []
    for each in cast("list[Any]", errors)[:3]:
        one = fields(each)
        if one:
            told.append(str(one.get("message") or f"{one.get('field', one.get('resource', ''))} {one.get('code', '')}"))
        else:
            told.append(str(each))
    return f" ({'; '.join(told)})" if told else ""
