"""What is wrong with a policy's text, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One thing that is wrong with a policy.

    Attributes:
        message: what is wrong.
        code: stable, in snake_case.
        line, column: where, from 1; None where only the policy as a whole can be named.
        hint: how to mend it, where that can be said.
    """

    message: str
    code: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    @property
    def placed(self) -> str:
        """What is wrong, after where it is."""
        return self.message if self.line is None else f"line {self.line}, column {self.column}: {self.message}"


class RefusedPolicy(ValueError):
    """A policy that cannot be used.

    Attributes:
        problem: why.
    """

    def __init__(self, problem: PolicyProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def problem_at(source: str, offset: int, message: str, code: str, hint: str | None = None) -> PolicyProblem:
    """A problem at a character of the text."""
    line_start = source.rfind("\n", 0, offset) + 1
    return PolicyProblem(message, code, source.count("\n", 0, offset) + 1, offset - line_start + 1, hint)


def problem_about(source: str, word: str | None, message: str, code: str, hint: str | None = None) -> PolicyProblem:
    """A problem with a word of the text, placed only where the word occurs once: Cedar's messages carry no place."""
    if word:
        found = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", source)]
        if len(found) == 1:
            return problem_at(source, found[0], message, code, hint)
    return PolicyProblem(message, code, hint=hint)
