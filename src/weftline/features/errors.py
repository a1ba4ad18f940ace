"""Errors of the features: what a caller did wrong, each with the stable code and HTTP status it is answered with.

::

    DomainError
    ├── Malformed              400  the request cannot be read
    ├── Unauthenticated        401  nobody knows who asks
    ├── Forbidden              403  whoever asks may not
    ├── NotFound               404  what it is about does not exist
    ├── Conflict               409  it contradicts what is already so
    ├── PreconditionFailed     412  the thing was changed meanwhile
    ├── TooLarge               413  more than this call accepts
    ├── UnsupportedMediaType   415  a body of a kind that this call does not read
    ├── Invalid                422  readable, but not valid; ``errors`` say where
    └── TooManyRequests        429  not now; ``retry_after`` says when

Each feature derives its own from these, so that the code says what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one place of a request.

    Attributes:
        pointer: JSON pointer to the place.
        message: what is wrong.
        code: stable, in snake_case.
        hint: how to mend it, where that can be said.
    """

    pointer: str
    message: str
    code: str = "invalid"
    hint: str | None = None


class DomainError(Exception):
    """A request that cannot be granted.

    Args:
        detail: a sentence for the person who asked.
        errors: what is wrong with which part of the request.

    Attributes:
        retry_after: seconds until the same request may be granted; None: waiting alone does not help.
        members: what the problem document has besides what all have (RFC 9457, section 3.2).
    """

    members: Mapping[str, str] = MappingProxyType({})
    status: ClassVar[int] = 400
    code: str = "bad_request"
    title: ClassVar[str] = "Bad request"
    retry_after: float | None = None

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class Malformed(DomainError):
    """The request cannot be read."""

    code = "malformed"
    title = "Malformed request"


class Unauthenticated(DomainError):
    """Nobody knows who asks."""

    status = 401
    code = "unauthenticated"
    title = "Not signed in"


class Forbidden(DomainError):
    """Whoever asks may not."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class NotFound(DomainError):
    """What the request is about does not exist."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(DomainError):
    """The request contradicts what is already so."""

    status = 409
    code = "conflict"
    title = "Conflict"


class PreconditionFailed(DomainError):
    """The thing is no longer what the caller last saw."""

    status = 412
    code = "precondition_failed"
    title = "Changed meanwhile"


class TooLarge(DomainError):
    """More than this call accepts."""

    status = 413
    code = "too_large"
    title = "Too large"


class UnsupportedMediaType(DomainError):
    """A body of a kind that this call does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class Invalid(DomainError):
    """The request can be read and is not valid."""

    status = 422
    code = "invalid"
    title = "Not valid"


class TooManyRequests(DomainError):
    """Not now.

    Args:
        detail: a sentence for the person who asked.
        retry_after: seconds until it may be tried again.
    """

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
