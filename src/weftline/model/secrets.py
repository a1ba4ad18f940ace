"""Stand-ins for secrets.

Where an action's input mentions a secret variable, the log holds a *marker* in its place: the variable's name and a
code that only the platform can make, for this execution and this name. The value takes the marker's place just before
the action runs, and nowhere else. What people see of a marker is a *label*, ``[secret NAME]``; so is what every other
expression gets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

CODE_BYTES = 16
"""Of the code in a marker."""

# an invisible character that no text of a person begins and ends with
_EDGE = "\N{INVISIBLE SEPARATOR}"
_MARKER = re.compile(f"{_EDGE}secret:([A-Za-z_][A-Za-z0-9_]*):([0-9a-f]{{{2 * CODE_BYTES}}}){_EDGE}")

Replace = Callable[[str, str], str]
"""What takes the place of a marker: called with the variable's name and the code."""


def label(name: str) -> str:
    """How a secret variable is shown."""
    return f"[secret {name}]"


def marker(name: str, code: str) -> str:
    """The stand-in for a secret variable in an action's input.

    Args:
        name: the variable's.
        code: hexadecimal, ``CODE_BYTES`` bytes.
    """
    return f"{_EDGE}secret:{name}:{code}{_EDGE}"


def may_hold_markers(text: bytes) -> bool:
    """Whether JSON text may hold markers: quick, and true as well where it just holds their edge."""
    return _EDGE_BYTES in text


def replaced(value: Any, replace: Replace) -> Any:
    """A JSON value with something else in the place of each marker in its strings; the value itself stays.

    Args:
        value: any JSON value.
        replace: says what.
    """
    if isinstance(value, str):
        if _EDGE not in value:
            return value
        return _MARKER.sub(lambda found: replace(found[1], found[2]), value)
    if isinstance(value, list):
        return [replaced(item, replace) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {replaced(key, replace): replaced(item, replace) for key, item in fields.items()}
    return value


def labelled(value: Any) -> Any:
    """A JSON value as it is shown: labels in the place of markers."""
    return replaced(value, lambda name, _: label(name))


_EDGE_BYTES = _EDGE.encode()
