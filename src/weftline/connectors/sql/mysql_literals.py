"""Values as literals of MySQL and MariaDB that cannot end early.

Their drivers paste values into the text of statements, in quotes whose rules depend on settings of the server. Text in
hexadecimal has neither quotes nor escapes, so nothing in it can become part of the statement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import orjson

from weftline.connectors.hosts import invalid


def literal(value: Any, name: str) -> str:
    """A value in the text of a statement; a list as ``(a, b)``, for ``IN``.

    Args:
        value: JSON; objects are written as JSON.
        name: the parameter's, for errors.

    Raises:
        ActionError: code ``invalid_input``: it cannot be written.
    """
    if isinstance(value, list):
        values = cast("list[Any]", value)
        # an empty list is legal nowhere; nothing is among NULL
        return f"({', '.join(_single(each, name) for each in values) or 'NULL'})"
    return _single(value, name)


def _single(value: Any, name: str) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return f"({value})" if value < 0 else str(value)
        case float():
            if not math.isfinite(value):
                raise invalid(f"'{name}' is no number")
            return f"({value!r})" if value < 0 else repr(value)
        case str():
            return _text(value)
        case Mapping():
            return _text(orjson.dumps(value).decode())
        case _:
            raise invalid(f"'{name}' is a list within a list")


def _text(value: str) -> str:
    return f"_utf8mb4 0x{value.encode().hex()}" if value else "''"
