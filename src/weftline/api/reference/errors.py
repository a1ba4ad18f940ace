"""The pages of the errors: one a code, and a table of them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.api.catalogue import ProblemKind, catalogue
from weftline.api.failing import codes_of
from weftline.api.reference.words import GENERATED, code_block, table
from weftline.api.sharing import operations_in

SOURCE = GENERATED.format("the tables in `src/weftline/api/problem_kinds`")

INTRODUCTION = """\
Every error that leaves the API is a problem document (RFC 9457), `application/problem+json`. `code` is stable and for
programs; `type` is the address at which the server tells what is told here; `detail` says what happened this time;
`errors` what is wrong with which part of the request, by JSON pointer; `correlationId` finds the request in the logs.
A caller that meets a code it does not know goes by the status."""


def error_pages(document: Mapping[str, Any]) -> dict[str, str]:
    """The page of every code, by file name.

    Args:
        document: the OpenAPI document, which says which operations answer with it.
    """
    known = list(operations_in(document))
    operations: dict[str, list[str]] = {}
    for method, path, operation in known:
        for code in codes_of(operation):
            operations.setdefault(code, []).append(f"`{method.upper()} {path}`")
    return {
        f"{code}.md": _page(kind, operations.get(code, ()), document["components"]["examples"], len(known))
        for code, kind in catalogue().items()
    }


def errors_page() -> str:
    """The table of every code."""
    parts = ["# Errors", SOURCE, INTRODUCTION]
    for area in dict.fromkeys(kind.area for kind in catalogue().values()):
        rows = (
            (f"[`{kind.code}`](errors/{kind.code}.md)", str(kind.status), kind.meaning)
            for kind in sorted(catalogue().values(), key=lambda each: each.code)
            if kind.area == area
        )
        parts += [f"## {area.capitalize()}", table(("code", "status", "meaning"), rows)]
    return "\n\n".join(parts) + "\n"


def _page(kind: ProblemKind, operations: Any, examples: Mapping[str, Any], every: int) -> str:
    shown = examples[kind.code]["value"] if kind.code in examples else kind.example()
    parts = [
        f"# {kind.title}: `{kind.code}`",
        SOURCE,
        f"Status {kind.status} ({kind.phrase}).",
        "## What it means",
        kind.meaning,
        "## Why it comes",
        kind.cause,
        "## What to do",
        kind.remedy,
        "## Example",
        code_block(shown),
    ]
    if operations:
        listed = "Any operation." if len(operations) == every else "\n".join(f"- {name}" for name in operations)
        parts += ["## Who answers with it", listed]
    return "\n\n".join(parts) + "\n"
