"""From the bytes of a definition to a plain document, within limits; errors name line and column."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, cast

from weftline.language.errors import ParseError
from weftline.language.json_values import MAX_DEPTH, find_flaw, pointer
from weftline.language.yaml_reader import read_yaml

MAX_SIZE = 5_000_000
"""Bytes of a definition."""


def parse_definition(source: str | bytes, *, format: Literal["json", "yaml"] | None = None) -> dict[str, Any]:
    """The document that ``source`` holds: a JSON object, or the same in YAML.

    Parameters:
        source: at most 5 MB, in UTF-8.
        format: None reads JSON where the text begins with ``{``, YAML otherwise.

    Raises:
        ParseError: it is malformed, too large, nested deeper than 64 levels, or holds what JSON or the
            database cannot (NUL, integers beyond 64 bits, duplicate keys, YAML tags and aliases).
    """
    text = _decode(source)
    if format is None:
        format = "json" if text.lstrip()[:1] in ("{", "[") else "yaml"
    document = _parse_json(text) if format == "json" else read_yaml(text)
    if not isinstance(document, dict):
        raise ParseError(f"a definition is an object, not a {_json_type(document)}", 1, 1)
    flaw = find_flaw(cast("object", document))
    if flaw is not None:
        raise ParseError(f"{flaw.message}, at {pointer(flaw.path) or 'the root'}")
    return cast("dict[str, Any]", document)


def _decode(source: str | bytes) -> str:
    # a string is measured before it is encoded, so that a huge one is refused cheaply
    size = len(source)
    if size <= MAX_SIZE and isinstance(source, str):
        size = len(source.encode(errors="surrogatepass"))
    if size > MAX_SIZE:
        raise ParseError(f"a definition may have {MAX_SIZE:,} bytes; this one has {size:,}")
    try:
        text = source if isinstance(source, str) else source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(f"not UTF-8: byte {error.start} is invalid") from None
    if (at := text.find("\0")) >= 0:
        raise ParseError("a definition may not hold NUL characters", *_place(text, at))
    if not text.strip():
        raise ParseError("the definition is empty", 1, 1)
    return text


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _json_type(value: object) -> str:
    names: dict[type, str] = {list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")


_TOO_DEEP = f"values nest deeper than {MAX_DEPTH} levels"
# an unterminated string is taken whole too, so that no text is scanned twice
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _parse_json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except _DuplicateKey as error:
        raise ParseError(f"the key {error.key!r} appears twice in one object", *_find_key(text, error.key)) from None
    except ParseError:
        raise
    except RecursionError:
        raise ParseError(_TOO_DEEP, *_where_too_deep(text)) from None
    except ValueError:
        # Python itself refuses integers of more than 4,300 digits
        raise ParseError("an integer does not fit in 64 bits") from None


def _where_too_deep(text: str) -> tuple[int, int]:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            return _place(text, match.start())
    return 1, 1


class _DuplicateKey(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKey(key)
            seen.add(key)
    return result


def _find_key(text: str, key: str) -> tuple[int, int]:
    """Where ``key`` stands for the second time: the best that can be said without a parser of our own."""
    quoted = json.dumps(key, ensure_ascii=False)
    at = text.find(quoted, text.find(quoted) + 1)
    return _place(text, max(at, 0))


def _refuse_constant(name: str) -> object:
    raise ParseError(f"{name} is not a JSON number")
