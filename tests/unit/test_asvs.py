"""The answers to OWASP ASVS: complete, counted right, and with evidence that exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "security"
PAGE = (PAGES / "asvs.md").read_text()

ANSWERS = ("met", "not yet", "not applicable")
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
CITED = re.compile(r"`((?:tests|src|docs|pyproject\.toml|requirements\.lock)[^`\s]*)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


class Answer(NamedTuple):
    """A row of the page."""

    number: str
    level: str
    asks_for: str
    answer: str
    evidence: str


ROWS = [Answer(*(part.strip("*") for part in row)) for row in ROW.findall(PAGE)]
REQUIREMENTS = [line.split() for line in (PAGES / "asvs-levels.txt").read_text().splitlines()]
"""The numbers of levels 1 and 2, and their levels."""


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of a module's functions, those of its classes included."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return frozenset(node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def is_there(cited: str) -> bool:
    """Whether a path, or a test in a file, exists."""
    path, _, test = cited.partition("::")
    return (ROOT / path).exists() and (not test or test in functions(ROOT / path))


def test_every_requirement_of_levels_1_and_2_is_answered_once_and_in_order() -> None:
    assert len(REQUIREMENTS) == 253
    assert [[row.number, row.level] for row in ROWS] == REQUIREMENTS


def test_every_answer_is_one_of_three_and_says_why() -> None:
    for row in ROWS:
        assert row.answer in ANSWERS, row
        assert row.asks_for and row.evidence, row


def test_what_is_met_names_what_shows_it() -> None:
    for row in ROWS:
        assert row.answer != "met" or CITED.search(row.evidence), row


def test_the_counts_are_right() -> None:
    for name, levels in (("level 1", "1"), ("level 2", "2"), ("both", "12")):
        found = re.search(rf"^\| \**{name}\** \|(.+)\|$", PAGE, re.MULTILINE)
        assert found is not None
        counted = Counter(row.answer for row in ROWS if row.level in levels)
        assert [int(cell.strip(" *")) for cell in found[1].split("|")] == [
            counted.total(),
            *(counted[answer] for answer in ANSWERS),
        ]


def test_what_is_missing_is_listed_on_top() -> None:
    listed = re.findall(r"^- \[(V[\d.]+)\]", PAGE, re.MULTILINE)
    assert listed == [row.number for row in ROWS if row.answer == "not yet"]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_whatever_the_pages_cite_exists(page: Path) -> None:
    text = page.read_text()
    assert not [cited for cited in CITED.findall(text) if not is_there(cited)]
    assert not [link for link in LINK.findall(text) if not (page.parent / link).exists()]
