"""The API, as commands use it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, cast
from urllib.parse import quote

import httpx
import orjson

from weftline.cli.failures import INVALID, CommandFailed, exit_code_of, field_line
from weftline.cli.target import API_PATH

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Seconds of silence after which a server is given up."""

PAGE = 200
"""Items that the API gives at a time."""


class Refused(CommandFailed):
    """The API did not do what was asked.

    Args:
        status: of the answer.
        code: what the problem document calls it; empty where there was none.
        message, details: see ``CommandFailed``.
    """

    def __init__(self, status: int, code: str, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message, details, exit_code=exit_code_of(status))
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said.

    Attributes:
        status: of HTTP.
        body: JSON; None where there was none.
        next_cursor: for the list's next page, where the ``Link`` header names one (RFC 8288).
    """

    status: int
    body: Any
    next_cursor: str | None = None

    def page(self) -> tuple[list[Any], str | None]:
        """The items of this page of a list, and the cursor of the next one."""
        page = cast("dict[str, Any] | list[Any]", self.body)
        return (page, self.next_cursor) if isinstance(page, list) else (page["items"], page["nextCursor"])


class Api:
    """Asks the API. A path is given by its segments, which may hold any text.

    Args:
        http: sends the requests; its base address ends with ``/api/v1``.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, method: str, *path: object, query: Mapping[str, Any] | None = None, body: Any = None) -> Answer:
        """Send a request, and return the answer.

        Args:
            method: of HTTP.
            path: segments.
            query: parameters; what is None is left out, and a list is sent item by item.
            body: JSON; None sends no body.

        Raises:
            Refused: the answer is a problem.
            CommandFailed: there was no answer, or none of a Weftline server.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            address = "/".join(_segment(part) for part in path)
            response = await self._http.request(method, address, params=given, json=body)
        except UnicodeEncodeError:
            raise CommandFailed("an argument is not text in UTF-8", exit_code=INVALID) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            reason = str(error) or type(error).__name__
            raise CommandFailed(f"cannot reach {self._http.base_url.host}: {reason}") from error
        if not response.is_success:
            raise _refusal(response)
        body = _json(response) if response.content else None
        return Answer(response.status_code, body, _next_cursor(response))

    async def get(self, *path: object, query: Mapping[str, Any] | None = None) -> Any:
        """The body of the answer to a GET; see :meth:`ask`."""
        return (await self.ask("GET", *path, query=query)).body

    async def post(self, *path: object, body: Any = None) -> Any:
        """The body of the answer to a POST; see :meth:`ask`."""
        return (await self.ask("POST", *path, body=body)).body

    async def items(self, *path: object, limit: int, query: Mapping[str, Any] | None = None) -> list[Any]:
        """The first ``limit`` items of a list, read page by page; see :meth:`ask`."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            wanted = {**(query or {}), "limit": min(limit - len(found), PAGE), "cursor": cursor}
            items, cursor = (await self.ask("GET", *path, query=wanted)).page()
            found += items
            if cursor is None or len(found) >= limit:
                return found


@asynccontextmanager
async def over_http(
    url: str, *, auth: httpx.Auth | None = None, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[Api]:
    """The API of a server.

    Args:
        url: the server's address.
        auth: says who asks.
        headers: sent with every request.
    """
    agent = f"weft/{version('weftline')}"
    async with httpx.AsyncClient(
        base_url=f"{url}{API_PATH}", auth=auth, headers={"User-Agent": agent, **(headers or {})}, timeout=TIMEOUT
    ) as http:
        yield Api(http)


def _segment(part: object) -> str:
    text = str(part)
    if text in ("", ".", ".."):
        # these would lead to another path, which no encoding prevents everywhere
        raise CommandFailed(f"this is no id: '{text}'", exit_code=INVALID)
    return quote(text, safe="")


def _json(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise CommandFailed(f"what answers at {response.url.host} is not a Weftline server") from None


def _next_cursor(response: httpx.Response) -> str | None:
    target = response.links.get("next", {}).get("url")
    return None if target is None else httpx.URL(target).params.get("cursor")


def _refusal(response: httpx.Response) -> Refused:
    """What a problem document says, or what can be said of an answer without one."""
    status = response.status_code
    problem = _problem(response)
    details = [field_line(each["pointer"], each["message"], each.get("hint")) for each in problem.get("errors", ())]
    if response.has_redirect_location:
        details.append(f"it points to {response.headers['Location']}")
    if response.is_server_error and "correlationId" in problem:
        details.append(f"correlation id: {problem['correlationId']}")
    message = problem.get("detail") or f"{response.url.host} answered {status} {response.reason_phrase}"
    return Refused(status, problem.get("code", ""), message, details)


def _problem(response: httpx.Response) -> dict[str, Any]:
    if response.headers.get("Content-Type", "").startswith("application/problem+json"):
        document = _json(response)
        if isinstance(document, dict):
            return cast("dict[str, Any]", document)
    return {}
