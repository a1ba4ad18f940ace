"""The tokens of CEL, as far as finding names, strings and braces in a source needs them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*)
    | (?P<string>
        (?:[bB]?[rR]|[rR][bB])(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n]*"|'[^'\n]*')
      | [bB]?(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      )
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>0[xX][0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_MACROS = frozenset({"map", "filter", "all", "exists", "exists_one", "existsOne", "optMap", "optFlatMap"})
_STEP_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_NAME_CHARACTER = re.compile(r"[A-Za-z0-9_]", re.ASCII)


def find_closing_brace(text: str, start: int) -> int:
    """The index of the ``}`` that closes a brace opened before ``start``, or -1.

    Braces inside CEL strings, comments and map literals are passed over.
    """
    depth = 0
    for match in _TOKEN.finditer(text, start):
        if match.lastgroup == "other":
            if match[0] == "{":
                depth += 1
            elif match[0] == "}":
                if depth == 0:
                    return match.start()
                depth -= 1
    return -1


def count_macros(source: str) -> int:
    """How many comprehension macros ``source`` calls. Counted before parsing, since parsing expands them."""
    tokens = list(_significant(source))
    return sum(
        1
        for before, name, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if name[0] in _MACROS and before[0] == "." and after[0] == "("
    )


def string_literals(source: str) -> Iterator[str]:
    """What stands between quotes in ``source``, as it is written: no escape is read."""
    for match in _TOKEN.finditer(source):
        if match.lastgroup == "string":
            text = match[0].lstrip("bBrR")
            quotes = 3 if text[:3] in ('"""', "'''") else 1
            yield text[quotes:-quotes]


def quote_step_ids(source: str, steps: Collection[str]) -> str:
    """``steps.create-customer.output`` as ``steps["create-customer"].output``, for every id in ``steps``.

    Ids may hold hyphens and dots, which CEL would read as operators; the longest id that fits is taken.
    """
    pieces: list[str] = []
    copied = 0
    for start, end, replacement in _step_id_edits(source, steps):
        pieces.append(source[copied:start] + replacement)
        copied = end
    return "".join((*pieces, source[copied:]))


def offset_before_quoting(source: str, steps: Collection[str], offset: int) -> int:
    """Where in ``source`` that stands which :func:`quote_step_ids` has moved to ``offset``."""
    moved = 0
    for start, end, replacement in _step_id_edits(source, steps):
        begin = start + moved
        if offset < begin:
            break
        if offset < begin + len(replacement):
            return start
        moved += len(replacement) - (end - start)
    return offset - moved


def find_name(source: str, name: str) -> int:
    """Where ``name`` first stands in ``source`` as a name, outside strings; -1 where it does not."""
    tokens = list(_significant(source))
    found = (start for at, (text, start) in enumerate(tokens) if text == name and not _is_member(tokens, at))
    return next(found, -1)


def _is_member(tokens: Sequence[tuple[str, int]], at: int) -> bool:
    return at > 0 and tokens[at - 1][0] == "."


def _step_id_edits(source: str, steps: Collection[str]) -> Iterator[tuple[int, int, str]]:
    """What is to stand in the place of which part of ``source``, in order."""
    copied = 0
    tokens = list(_significant(source))
    for position, (text, start) in enumerate(tokens):
        is_root = text == "steps" and not _is_member(tokens, position)
        if not is_root or start < copied or position + 2 >= len(tokens) or tokens[position + 1][0] != ".":
            continue
        id_start = tokens[position + 2][1]
        step = _longest_id(source, id_start, steps)
        if step is not None and ("-" in step or "." in step):
            copied = id_start + len(step)
            yield start + len(text), copied, f'["{step}"]'


def written_step_id(source: str, name: str) -> str:
    """The id that an author meant where CEL reads ``name`` after ``steps.``: it may go on with hyphens."""
    match = re.search(rf"\bsteps\s*\.\s*({re.escape(name)}[A-Za-z0-9_-]*)", source)
    return match[1] if match is not None else name


def _longest_id(source: str, start: int, steps: Collection[str]) -> str | None:
    match = _STEP_ID.match(source, start)
    if match is None:
        return None
    for end in range(match.end(), start, -1):
        if source[start:end] in steps and not _NAME_CHARACTER.match(source, end):
            return source[start:end]
    return None


def _significant(source: str) -> Iterator[tuple[str, int]]:
    return (
        (match[0], match.start())
        for match in _TOKEN.finditer(source)
        if match.lastgroup != "space" and match.lastgroup != "string"
    )
