"""What the server answers, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

import httpx
import orjson

from weftline.client.errors import ApiError, FieldProblem, InvalidAnswer, Problem, api_error

PROBLEM_TYPE = "application/problem+json"

TEXTS = frozenset({"text/csv", "application/x-ndjson"})
"""Kinds of answers that are not read as JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said.

    Attributes:
        host: of the server.
        status: of HTTP.
        headers: of the answer.
        body: JSON, or text where it is of :data:`TEXTS`; None where there was none.
        next_cursor: for the list's next page, where the ``Link`` header names one (RFC 8288).
    """

    host: str
    status: int
    headers: Mapping[str, str]
    body: Any
    next_cursor: str | None = None

    def page(self) -> tuple[list[Any], str | None]:
        """The items of this page of a list, and the cursor of the next one.

        Raises:
            InvalidAnswer: this is no page of a list.
        """
        body: Any = self.body
        if isinstance(body, list):
            return cast("list[Any]", body), self.next_cursor
        try:
            return body["items"], body["nextCursor"]
        except (KeyError, TypeError):
            raise InvalidAnswer(self.host) from None


def read_answer(response: httpx.Response) -> Answer:
    """What a successful answer says; its body has been read.

    Raises:
        InvalidAnswer: the body should be JSON, and is not.
    """
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    body: Any = None
    if response.content:
        body = response.text if media_type in TEXTS else _json(response)
    return Answer(response.url.host, response.status_code, response.headers, body, _next_cursor(response))


def read_refusal(response: httpx.Response) -> ApiError:
    """What a problem document says, or what can be said of an answer without one; its body has been read."""
    document = _problem(response)
    problem = Problem(
        status=response.status_code,
        code=document.get("code", ""),
        title=document.get("title", response.reason_phrase),
        detail=document.get("detail")
        or f"{response.url.host} answered {response.status_code} {response.reason_phrase}",
        type=document.get("type", "about:blank"),
        instance=document.get("instance"),
        correlation_id=document.get("correlationId"),
        errors=tuple(
            FieldProblem(each["pointer"], each["message"], each.get("code", "invalid"), each.get("hint"))
            for each in document.get("errors", ())
        ),
        retry_after=_retry_after(response),
        location=response.headers.get("Location") if response.has_redirect_location else None,
        plugin_code=document.get("pluginCode"),
    )
    return api_error(problem)


def _json(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise InvalidAnswer(response.url.host) from None


def _problem(response: httpx.Response) -> dict[str, Any]:
    if response.headers.get("Content-Type", "").startswith(PROBLEM_TYPE):
        document = _json(response)
        if isinstance(document, dict):
            return cast("dict[str, Any]", document)
    return {}


def _next_cursor(response: httpx.Response) -> str | None:
    target = response.links.get("next", {}).get("url")
    return None if target is None else httpx.URL(target).params.get("cursor")


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of the ``Retry-After`` header: a number of them, or a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
