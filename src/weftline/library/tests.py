"""What the tests of a template that ships with Weftline show, in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from weftline.language.parse import parse_definition
from weftline.library.shipped import TEMPLATES


@cache
def tests_of(id: str) -> Sequence[str]:
    """The names of the tests that a template is run through; none where it does not ship with Weftline."""
    path = TEMPLATES / f"{id}.test.yaml"
    if not path.is_file():
        return ()
    return tuple(case["name"] for case in parse_definition(path.read_bytes())["tests"])
