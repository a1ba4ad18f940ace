"""Statements whose values stand apart: ``:name`` in the text, and the values beside it.

The text of a statement never comes out of an expression (the checks of definitions refuse that), and values never
become part of the text by mere pasting: they travel as parameters, or as literals that cannot end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from weftline.connectors.hosts import invalid

Dialect = Literal["postgres", "mysql"]

_COMMON = r"""
    (?P<double>"(?:[^"]|"")*")
  | (?P<name>(?<![:\w]):(?P<id>[A-Za-z_][A-Za-z0-9_]*)\b)
"""
_POSTGRES = re.compile(
    r"""
    (?P<line>--[^\n]*)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<single>'(?:[^']|'')*')
  | (?P<dollar>(?P<tag>(?<![\w$])\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag))
  | (?P<cast>::)
  """
    + "|"
    + _COMMON,
    re.VERBOSE | re.DOTALL,
)
_MYSQL = re.compile(
    r"""
    (?P<single>'(?:[^'\\]|\\.|'')*')
  | (?P<escaped>"(?:[^"\\]|\\.|"")*")
  | (?P<quoted>`(?:[^`]|``)*`)
  | (?P<line>--(?:[\s]|\Z)[^\n]*)
  | (?P<hash>\#[^\n]*)
  | (?P<block>/\*.*?\*/)
  | (?P<assign>:=)
  """
    + "|"
    + _COMMON,
    re.VERBOSE | re.DOTALL,
)


def with_parameters(
    statement: str, values: Mapping[str, Any], dialect: Dialect, placed: Callable[[str], str]
) -> tuple[str, list[str]]:
    """A statement as its database takes it.

    Args:
        statement: with ``:name`` where a value belongs. In strings, quoted names and comments that is plain text.
        values: by name.
        dialect: how strings and comments look.
        placed: what stands in place of a value, by its name; called once for each name.

    Returns:
        The text, and the names in the order in which they were placed first.

    Raises:
        ActionError: code ``invalid_input``: a value is missing, or is used nowhere.
    """
    known: dict[str, str] = {}
    out: list[str] = []
    at = 0
    pattern = _POSTGRES if dialect == "postgres" else _MYSQL
    while at < len(statement):
        if dialect == "postgres" and statement.startswith("/*", at):
            end = _end_of_comment(statement, at)
            out.append(statement[at:end])
            at = end
            continue
        found = pattern.match(statement, at)
        if found is None:
            out.append(statement[at])
            at += 1
            continue
        name = found["id"]
        if name is None:
            out.append(found[0])
        else:
            if name not in values:
                raise invalid(f"the statement has ':{name}', and 'parameters' has no '{name}'")
            if name not in known:
                known[name] = placed(name)
            out.append(known[name])
        at = found.end()
    unused = [name for name in values if name not in known]
    if unused:
        raise invalid(f"'parameters' has '{unused[0]}', and the statement has no ':{unused[0]}'")
    return "".join(out), list(known)


def _end_of_comment(statement: str, start: int) -> int:
    """PostgreSQL's comments nest."""
    depth, at = 0, start
    while at < len(statement):
        if statement.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif statement.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    return at


def quoted_name(name: str, mark: str) -> str:
    """A name of a table or a column, each of its parts in quotation marks.

    Args:
        name: like ``orders`` or ``shop.orders``.
        mark: the database's mark.

    Raises:
        ActionError: code ``invalid_input``: it is no name.
    """
    parts = name.split(".")
    if not all(parts) or "\0" in name or len(parts) > 3:
        raise invalid(f"'{name}' is no name of a table")
    return ".".join(mark + part.replace(mark, mark * 2) + mark for part in parts)


def quoted_column(name: str, mark: str) -> str:
    """A name of a column in quotation marks."""
    if not name or "\0" in name:
        raise invalid(f"{name!r} is no name of a column")
    return mark + name.replace(mark, mark * 2) + mark
