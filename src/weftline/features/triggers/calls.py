"""Calls of webhooks, as the expressions of a trigger see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from weftline.features.errors import Malformed, UnsupportedMediaType
from weftline.features.http.body import parse_json
from weftline.language.json_values import Json

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1_000
"""Of a form, and of a query."""

_WITHHELD = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that expressions do not see: what somebody signs in with is not for logs."""


class UnreadableCall(Malformed):
    """The body is not what it says it is."""

    code = "unreadable_call"
    title = "Call cannot be read"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a webhook.

    Attributes:
        method: of HTTP.
        headers: by names in lower case.
        query: the query string.
        media_type: of the body, without parameters; empty where none was named.
        body: as it came.
    """

    method: str
    headers: Mapping[str, str]
    query: str
    media_type: str
    body: bytes

    def values(self) -> dict[str, Any]:
        """What expressions see.

        Raises:
            MalformedJson, UnreadableCall: the body is not what it says it is.
            UnsupportedMediaType: it is something else than JSON, a form or text.
        """
        return {
            "method": self.method,
            "headers": {name: value for name, value in self.headers.items() if name not in _WITHHELD},
            "query": self.fields(),
            "body": self._content(),
        }

    def fields(self) -> dict[str, Any]:
        """The parameters in the address, by name.

        Raises:
            UnreadableCall: they cannot be read.
        """
        return _fields(self.query)

    def _content(self) -> Json:
        if not self.body:
            return None
        kind = self.media_type
        if kind in ("", "application/json") or kind.endswith("+json"):
            return parse_json(self.body)
        if kind == FORM or kind.startswith("text/"):
            text = _text(self.body)
            return _fields(text) if kind == FORM else text
        raise UnsupportedMediaType("A webhook takes JSON, a form (application/x-www-form-urlencoded) or text.")


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableCall(f"The body is not UTF-8: byte {error.start} is invalid.") from None
    if "\0" in text:
        raise UnreadableCall("The body holds NUL characters.")
    return text


def _fields(text: str) -> dict[str, Any]:
    """The fields of a form or query; one that is given several times is a list."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise UnreadableCall(f"The form or query cannot be read, or has more than {MAX_FIELDS} fields.") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise UnreadableCall("The form or query holds NUL characters.")
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields
