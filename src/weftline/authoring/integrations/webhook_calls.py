"""Calls of webhooks, and where something stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import orjson

from weftline.authoring.errors import ActionError

BAD_SIGNATURE, STALE_CALL, INVALID_CALL = "bad_signature", "stale_call", "invalid_call"
"""Codes of the errors with which a trigger refuses a call: it is not signed as it must be, was signed too long ago, or
cannot be read."""

_UNREAD: Any = object()


@dataclass(slots=True)
class WebhookCall:
    """A call of the address that a trigger of type WEBHOOK has.

    Attributes:
        headers: by names in lower case.
        query: the parameters in the address; one that is given several times is a list.
        body: as it came; what is signed.
        method: of HTTP.
        delivery: the other system's id of this delivery, where the trigger declares one; else empty.
    """

    headers: Mapping[str, str]
    query: Mapping[str, Any]
    body: bytes
    method: str = "POST"
    delivery: str = ""
    _json: Any = field(default=_UNREAD, init=False, repr=False)

    def json(self) -> Any:
        """The body, read as JSON.

        Raises:
            ActionError: code ``invalid_call``; it is none.
        """
        if self._json is _UNREAD:
            try:
                self._json = orjson.loads(self.body)
            except orjson.JSONDecodeError as error:
                raise unreadable(f"the body is not JSON: {error}") from None
        return self._json


class Place(Protocol):
    """Where something stands in a call."""

    def find(self, call: WebhookCall) -> str | None:
        """The text that stands there; None where nothing, or no text or number, does."""
        ...


@dataclass(frozen=True, slots=True)
class Header:
    """A header.

    Attributes:
        name: in any case.
    """

    name: str

    def find(self, call: WebhookCall) -> str | None:
        """See :class:`Place`."""
        return call.headers.get(self.name.lower()) or None

    def __str__(self) -> str:
        """As people read it."""
        return f"the header `{self.name}`"


@dataclass(frozen=True, slots=True)
class BodyField:
    """A field of a body that is JSON.

    Attributes:
        name: names of objects' fields, one within the other, with dots between them.
    """

    name: str

    def find(self, call: WebhookCall) -> str | None:
        """See :class:`Place`.

        Raises:
            ActionError: code ``invalid_call``; the body is not JSON.
        """
        value = call.json()
        for part in self.name.split("."):
            value = cast("dict[str, Any]", value).get(part) if isinstance(value, dict) else None
        return _text(value)

    def __str__(self) -> str:
        """As people read it."""
        return f"the field `{self.name}` of the body"


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A parameter of the address.

    Attributes:
        name: of the parameter.
    """

    name: str

    def find(self, call: WebhookCall) -> str | None:
        """See :class:`Place`."""
        return _text(call.query.get(self.name))

    def __str__(self) -> str:
        """As people read it."""
        return f"the parameter `{self.name}` of the address"


def unreadable(message: str) -> ActionError:
    """The error for a call that cannot be read.

    Args:
        message: why not.
    """
    return ActionError(message, code=INVALID_CALL, retryable=False)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None
