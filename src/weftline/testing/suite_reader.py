"""Reads files of tests; whatever is wrong with one is told with line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from weftline.language.errors import ParseError, Problem
from weftline.language.json_values import find_flaw, pointer
from weftline.language.problems import Problems
from weftline.language.shape import report_shape
from weftline.language.yaml_reader import Places, read_placed_yaml
from weftline.testing.suite import Behaviour, Case, Expect, ExpectedEvent, Line, RaisedError, Setting, Suite

ENDINGS = (".test.yaml", ".test.yml", ".test.json")
"""What the name of a file of tests ends with."""

MAX_SIZE = 5_000_000
"""Bytes of a file."""

_NESTED = {
    "tests": Case,
    "script": Line,
    "expect": Expect,
    "emitted": ExpectedEvent,
    "sequence": Behaviour,
    "raises": RaisedError,
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong with a file of tests.

    Attributes:
        line, column: where, from 1.
        problem: what.
    """

    line: int
    column: int
    problem: Problem

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.problem}"


class InvalidSuite(ValueError):
    """A file holds no valid tests.

    Attributes:
        mistakes: everything that is wrong with it.
    """

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


def read_suite(source: bytes) -> Suite:
    """The tests in a file.

    Raises:
        InvalidSuite: it holds none; every mistake comes with its place.
    """
    document, places = _document(source)
    problems = Problems()
    flaw = find_flaw(document)
    if flaw is not None:
        problems.add(flaw.code, pointer(flaw.path), flaw.message)
        raise InvalidSuite(_placed(problems, places))
    try:
        suite = Suite.model_validate(document)
    except ValidationError as error:
        report_shape(error, document, (), Suite, problems, _NESTED)
        raise InvalidSuite(_placed(problems, places)) from None
    _check(suite, problems)
    if problems:
        raise InvalidSuite(_placed(problems, places))
    return suite


def _document(source: bytes) -> tuple[dict[str, Any], Places]:
    try:
        if len(source) > MAX_SIZE:
            raise ParseError(f"a file of tests may have {MAX_SIZE:,} bytes; this one has {len(source):,}")
        document, places = read_placed_yaml(source.decode("utf-8-sig"))
        if not isinstance(document, dict):
            raise ParseError("a file of tests is an object with `workflow` and `tests`", 1, 1)
    except UnicodeDecodeError as error:
        wrong = Problem("", f"not UTF-8: byte {error.start} is invalid", None, "not_text")
        raise InvalidSuite([Mistake(1, 1, wrong)]) from None
    except ParseError as error:
        wrong = Problem("", error.message, None, "not_yaml")
        raise InvalidSuite([Mistake(error.line or 1, error.column or 1, wrong)]) from None
    return cast("dict[str, Any]", document), places


_ACTS = ("signal", "event", "task", "do")
_NEEDS_STEP = ("skip",)


def _check(suite: Suite, problems: Problems) -> None:
    """What the shape alone does not say."""
    names: set[str] = set()
    for number, case in enumerate(suite.tests):
        place = ("tests", number)
        if case.name in names:
            problems.add("duplicate_name", pointer((*place, "name")), f"two tests are called '{case.name}'")
        names.add(case.name)
        _check_mocks(case, place, problems)
        for index, line in enumerate(case.script):
            _check_line(line, (*place, "script", index), problems)
    _check_mocks(suite, (), problems)


def _check_line(line: Line, place: tuple[str | int, ...], problems: Problems) -> None:
    said = [name for name in _ACTS if getattr(line, name) is not None]
    if line.task is None and line.assignee is not None:
        said.append("assignee")
    if len(said) != 1:
        what = "several things at once: " + ", ".join(f"`{name}`" for name in said) if said else "nothing"
        hint = "say one of `signal`, `event`, `task`, `assignee`, `do`"
        problems.add("invalid_line", pointer(place), f"the line lets {what} happen", hint)
    if line.do in _NEEDS_STEP and line.step is None:
        problems.add("missing_field", pointer(place), "`step` is missing", f"`do: {line.do}` needs it")


def _check_mocks(setting: Setting, place: tuple[str | int, ...], problems: Problems) -> None:
    for field, mocks in (
        ("mocks", setting.mocks),
        ("mockSteps", setting.mock_steps),
        ("mockWorkflows", setting.mock_workflows),
    ):
        for name, mock in mocks.items():
            said = {each for each in ("returns", "raises", "sequence") if each in mock.model_fields_set}
            if len(said) > 1:
                listed = ", ".join(f"`{each}`" for each in sorted(said))
                problems.add("invalid_mock", pointer((*place, field, name)), f"a mock says one of {listed}")


def _placed(problems: Problems, places: Mapping[str, tuple[int, int]]) -> list[Mistake]:
    mistakes: list[Mistake] = []
    for problem in problems.listed():
        place = problem.pointer
        while place not in places and place:
            place = place.rpartition("/")[0]
        mistakes.append(Mistake(*places.get(place, (1, 1)), problem))
    return mistakes
