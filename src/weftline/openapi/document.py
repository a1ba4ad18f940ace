"""A document, and finding things in it."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import unquote

from weftline.language.json_values import pointer
from weftline.openapi.errors import DocumentError
from weftline.openapi.notes import Notes

MAX_HOPS = 20
"""References in a row that lead to one thing."""


class Document:
    """An OpenAPI or Swagger document.

    Args:
        root: plain JSON values; see :func:`weftline.openapi.reading.read_document`.

    Attributes:
        root: the same.
        notes: what is left out of it.
        format: like ``OpenAPI 3.0.1``.
        is_swagger: it is a Swagger 2 document.
        is_2020: its schemas are those of JSON Schema 2020-12, as from OpenAPI 3.1 on.

    Raises:
        DocumentError: it says of itself neither.
    """

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.notes = Notes()
        swagger, openapi = _version(root.get("swagger")), _version(root.get("openapi"))
        if swagger.startswith("2"):
            self.format, self.is_swagger, self.is_2020 = f"Swagger {swagger}", True, False
        elif openapi.startswith("3"):
            self.format, self.is_swagger = f"OpenAPI {openapi}", False
            self.is_2020 = re.match(r"3\.[1-9]", openapi) is not None
        else:
            said = openapi or swagger
            found = f"its version is '{said[:40]}'" if said else "it has neither 'openapi' nor 'swagger' at its top"
            raise DocumentError(f"This is no OpenAPI 3 or Swagger 2 document: {found}.")

    def at(self, *path: str) -> dict[str, Any]:
        """The object at a place; empty where there is none."""
        value: Any = self.root
        for key in path:
            value = mapping(value).get(key)
        return mapping(value)

    def resolve(self, value: Any, place: str) -> tuple[dict[str, Any] | None, str]:
        """What a value is, or refers to.

        Args:
            value: an object, or a reference to one.
            place: JSON pointer to it.

        Returns:
            The object, None where there is none, and the pointer to it.
        """
        start = place
        for _ in range(MAX_HOPS):
            if not isinstance(value, dict):
                self.notes.add(start, "a reference" if place != start else "an entry", "There is no object.")
                return None, place
            found = cast("dict[str, Any]", value)
            ref = found.get("$ref")
            if not isinstance(ref, str):
                return found, place
            if not ref.startswith("#"):
                self.notes.add(start, "a reference", f"It leads out of the document, to '{ref}'.")
                return None, place
            place = normalized(ref)
            value = self.find(place)
        self.notes.add(start, "a reference", "It leads back to itself.")
        return None, place

    def find(self, place: str) -> Any:
        """The value at a JSON pointer, None where there is nothing."""
        value: Any = self.root
        for part in place.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = cast("dict[str, Any]", value).get(key)
            elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 8:
                items = cast("list[Any]", value)
                value = items[int(key)] if int(key) < len(items) else None
            else:
                return None
        return value


def normalized(ref: str) -> str:
    """The JSON pointer of a local reference like ``#/paths/~1pets~1%7Bid%7D``."""
    return unquote(ref[1:])


def below(place: str, *path: str | int) -> str:
    """The JSON pointer to something within a place."""
    return place + pointer(path)


def mapping(value: Any) -> dict[str, Any]:
    """An object as it is, anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A list as it is, anything else as an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def line(value: Any, limit: int) -> str:
    """A text on one line, at most so long; '' where it is none."""
    return shortened(" ".join(value.split()), limit) if isinstance(value, str) else ""


def prose(value: Any, limit: int) -> str:
    """A text, at most so long; '' where it is none."""
    return shortened(value.strip(), limit) if isinstance(value, str) else ""


def shortened(text: str, limit: int) -> str:
    """A text, at most so long."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _version(value: Any) -> str:
    # YAML reads a version that is not quoted as a number
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
