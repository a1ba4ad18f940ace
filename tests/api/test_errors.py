"""Every kind of problem is told of: in the catalogue, on the server's own pages, in the reference."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import weftline.api
from tests.api.client import Client, problem
from weftline.api.catalogue import catalogue, problem_type
from weftline.api.document import api_document
from weftline.features import errors as bases
from weftline.features.errors import DomainError
from weftline.features.executions.errors import NotNow

ROOT = Path(__file__).parents[2]

EDGE = {
    "database_unavailable",
    "internal_error",
    "invalid_request",
    "method_not_allowed",
    "not_found",
    "unstorable",
    "wrong_master_key",
}
"""Answered by ``weftline.api.problems`` without an error of ours."""

NOT_ANSWERED = {"fell_behind", "message_too_long", "server_stopping", "subscription_exists", "too_many_subscriptions"}
"""Told over a WebSocket, where there is no answer to carry a problem document."""


def raised() -> Iterator[type[DomainError]]:
    """Every error of ours but the general ones that others derive from."""
    for module in pkgutil.walk_packages(weftline.api.__path__, "weftline.api."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    open = [DomainError]
    while open:
        kind = open.pop()
        open += kind.__subclasses__()
        # what an execution refuses has a code for every occasion
        if kind.__module__.startswith("weftline.") and not hasattr(bases, kind.__name__) and kind is not NotNow:
            yield kind


@cache
def trees(below: str) -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in sorted((ROOT / below).rglob("*.py"))]


def calls(below: str, *names: str) -> Iterator[ast.Call]:
    """Every call of a function, or making of an error, of these names."""
    for tree in trees(below):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) in names:
                yield node


def spelt(call: ast.Call, place: int) -> Iterator[str]:
    """The text that a call is given at a place, where it is spelt out."""
    argument = call.args[place] if len(call.args) > place else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value


def codes_in_tables() -> set[str]:
    """What tests say that give ``problem`` a code from a table of theirs."""
    found: set[str] = set()
    for tree in trees("tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                map(takes_code_from_table, ast.walk(node))
            ):
                found |= {
                    each.value
                    for each in ast.walk(node)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return found


def texts(below: str) -> Iterator[str]:
    """Every text that is spelt out."""
    for tree in trees(below):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def codes_compared() -> set[str]:
    """What tests of the API compare an answer's ``code`` with."""
    found: set[str] = set()
    for tree in trees("tests/api"):
        for node in ast.walk(tree):
            said = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            if isinstance(node, ast.Compare) and "code" in said:
                found |= {value for value in said if isinstance(value, str)}
    return found


def takes_code_from_table(node: ast.AST) -> bool:
    """Whether this is ``problem(answer, status, code)``."""
    if not isinstance(node, ast.Call) or getattr(node.func, "id", None) != "problem" or len(node.args) < 3:
        return False
    return isinstance(node.args[2], ast.Name | ast.Subscript | ast.IfExp)


def codes_in_source() -> set[str]:
    found = {kind.code for kind in raised()} | EDGE
    for call in calls("src/weftline", "NotNow", "Refusal", "NoSuchPoint"):
        found.update(spelt(call, 0))
    for call in calls("src/weftline/features", *{kind.__name__ for kind in bases_raised()}):
        found.add(getattr(bases, call.func.id).code)  # type: ignore[attr-defined]
    return found


def bases_raised() -> Iterator[type[DomainError]]:
    for name in dir(bases):
        kind = getattr(bases, name)
        if isinstance(kind, type) and issubclass(kind, DomainError):
            yield kind


def test_every_code_has_its_words_and_no_words_are_left_over() -> None:
    told, known = set(catalogue()), codes_in_source() - UNREACHABLE
    assert told - known == set(), "words for what nothing answers"
    assert known - told == set(), "add them to src/weftline/api/problem_kinds, then 'make reference'"


def test_an_error_says_what_its_words_say() -> None:
    for kind in raised():
        if kind.code in catalogue():
            told = catalogue()[kind.code]
            assert (kind.code, kind.status, kind.title) == (told.code, told.status, told.title)


def test_the_words_are_whole_sentences() -> None:
    for kind in catalogue().values():
        for text in (kind.meaning, kind.cause, kind.remedy):
            assert re.match(r"[A-Z`]", text) and text.endswith((".", ")")), f"{kind.code}: {text}"


def test_the_words_name_operations_that_there_are() -> None:
    known = {
        f"{method.upper()} {re.sub('{[^}]*}', '{}', path.removeprefix('/api/v1'))}"
        for path, item in api_document()["paths"].items()
        for method in item
    }
    for kind in catalogue().values():
        for named in re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`?]*)`", f"{kind.cause} {kind.remedy}"):
            assert re.sub("{[^}]*}", "{}", named) in known, f"{kind.code}: {named}"


def test_every_code_is_met_in_an_answer_by_some_test() -> None:
    met = {code for call in calls("tests", "problem") for code in spelt(call, 2)} | codes_in_tables()
    met |= codes_compared()
    # GraphQL has answers of its own kind
    met |= set(texts("tests/api/graphql"))
    assert set(catalogue()) - met - NOT_ANSWERED == set(), "let a test provoke them: problem(answer, status, code)"


async def test_a_problems_type_leads_to_a_page_that_tells_of_it(anonymous: Client) -> None:
    refused = problem(await anonymous.get("/workflows"), 401, "unauthenticated")
    page = await anonymous.http.get(refused["type"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for told in ("Not signed in", "What it means", "Why it comes", "What to do", "Authorization: Bearer"):
        assert told in page.text


async def test_every_code_has_a_page_that_needs_nothing_from_elsewhere(anonymous: Client) -> None:
    listing = await anonymous.http.get("/errors")
    for code in catalogue():
        assert f'href="{problem_type(code)}"' in listing.text
        page = await anonymous.http.get(problem_type(code))
        assert page.status_code == 200
        assert not re.search(r"""(?:src|href)=["'](?!/|#)|@import|url\(|<script""", page.text)


@pytest.mark.parametrize("code", ["nothing", "%2e%2e", "%00", "a" * 300])
async def test_a_code_that_there_is_not_has_no_page(anonymous: Client, code: str) -> None:
    answer = await anonymous.http.get(f"/errors/{code}")
    problem(answer, 404, "not_found")


UNREACHABLE = {
    # an address is looked at when it is given, not when mail is sent
    "invalid_recipient",
    # the features look at the log first, and ask for steps and points that are in it
    "no_such_point",
    "not_failed",
    "step_not_completed",
    "unknown_node",
}
"""What the machine would refuse, and no request can ask of it."""
