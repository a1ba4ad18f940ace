"""Every kind of problem that the API answers with, told in full: what it means, why it comes, what to do.

The texts lie beside this module, in ``problem_kinds``, one table a code. A test holds them against the errors in the
source: none is without words, and no words are left over.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
"""RFC 9110 calls these otherwise than the library did before Python 3.13."""

EXAMPLE_ID = "0195f3a07c1e7d2a9f6b3a1c5e8d4b21"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What is to be known of a code.

    Attributes:
        code: stable, in snake_case.
        status: the HTTP status it is answered with.
        title: the same for every problem of this code.
        area: what it belongs to, such as ``tasks``.
        meaning, cause, remedy: what it says, why it comes and what to do, in Markdown.
        detail: what a problem of this kind says, for example.
        errors: what is wrong with which part of the request, for example.
    """

    code: str
    status: int
    title: str
    area: str
    meaning: str
    cause: str
    remedy: str
    detail: str
    errors: tuple[dict[str, str], ...] = ()

    @property
    def phrase(self) -> str:
        """What HTTP calls the status."""
        return RENAMED.get(self.status) or HTTPStatus(self.status).phrase

    def example(self, instance: str = "/api/v1/workflows") -> dict[str, Any]:
        """A problem document.

        Args:
            instance: path of the request.
        """
        document: dict[str, Any] = {
            "type": problem_type(self.code),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "instance": instance,
            "correlationId": EXAMPLE_ID,
        }
        if self.errors:
            document["errors"] = list(self.errors)
        return document


def problem_type(code: str) -> str:
    """The URI of a kind of problem: where the server itself tells what it means. Relative to whoever answers."""
    return f"/errors/{code}"


@cache
def catalogue() -> Mapping[str, ProblemKind]:
    """Every kind of problem, by code, area by area."""
    found: dict[str, ProblemKind] = {}
    for table in sorted(files("weftline.api").joinpath("problem_kinds").iterdir(), key=lambda each: each.name):
        area = table.name.removesuffix(".toml").replace("_", " ")
        for code, told in tomllib.loads(table.read_text(encoding="utf-8")).items():
            errors = tuple(told.pop("errors", ()))
            found[code] = ProblemKind(code=code, area=area, errors=errors, **told)
    return found
