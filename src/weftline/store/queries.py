"""Named SQL: ``sql/<table>.sql`` holds one query after another, each headed by ``-- name: <name>``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_HEADER = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def queries(table: str) -> Mapping[str, str]:
    """The queries of ``sql/<table>.sql`` by name.

    Args:
        table: the file's name without its ending.

    Raises:
        FileNotFoundError: there is no such file.
    """
    text = files("weftline.store").joinpath("sql", f"{table}.sql").read_text(encoding="utf-8")
    parts = _HEADER.split(text)
    return {name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def tables() -> list[str]:
    """The files that hold queries, without their ending."""
    folder = files("weftline.store").joinpath("sql")
    return sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))
