"""Conditional requests (RFC 9110, section 13): ``ETag``, ``If-Match`` and ``If-None-Match``.

A thing that can be changed has a state, which its ``ETag`` tells. Whoever changes it may name in ``If-Match`` the state
that they saw last: it is left alone where it stands otherwise by now. What has no state of its own is told by its
answer's content, which serves ``If-None-Match`` only.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

import orjson
from fastapi import Depends, Header, Request, Response

from weftline.features.errors import PreconditionFailed

UNCHANGING = 1
"""The state of a thing that is made and removed, and never changed."""

KEPT = ("etag", "cache-control", "content-location", "date", "expires", "vary")
"""The headers of an answer that says that nothing changed (RFC 9110, section 15.4.5)."""


async def _expected_etag(
    if_match: Annotated[
        str | None, Header(description="Act only while the thing's `ETag` is this one.", max_length=100)
    ] = None,
) -> str | None:
    """What ``If-Match`` asks for; None where any state will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


ExpectedEtag = Annotated[str | None, Depends(_expected_etag)]


def etag(state: int | str) -> dict[str, str]:
    """The headers that tell a thing's state."""
    return {"ETag": f'"{state}"'}


def fingerprint(*parts: object) -> str:
    """The state of a thing that does not count its changes: a hash of whatever can change of it."""
    return blake2b(orjson.dumps(parts, default=str), digest_size=12).hexdigest()


def require_state(expected: str | None, state: int | str, what: str) -> None:
    """See that a thing is in the state that the caller expects.

    Args:
        expected: the state; None for any.
        state: in which it is.
        what: it is, for people.

    Raises:
        PreconditionFailed: it is in another.
    """
    if expected is not None and expected != str(state):
        raise PreconditionFailed(f"{what} was changed meanwhile. Its state is '{state}' now, and not '{expected}'.")


def content_etag(body: bytes) -> str:
    """A weak ``ETag`` of an answer that tells no state."""
    return f'W/"{blake2b(body, digest_size=12).hexdigest()}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the caller has the answer of this ``ETag`` already."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in given.split(",")]
    return tags == ["*"] or tag.removeprefix("W/") in tags


def not_modified(response: Response) -> Response:
    """The answer to a caller who has this one already."""
    return Response(
        status_code=304, headers={name: response.headers[name] for name in KEPT if name in response.headers}
    )
