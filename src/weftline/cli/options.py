"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

Actions = Annotated[
    list[str],
    typer.Option(
        "--actions", "-a", metavar="MODULE", help="A Python module of actions; may be repeated. See WEFT_ACTIONS."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DefinitionFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A definition, JSON or YAML (- for stdin), or code: module:Object.")
]
WrittenIn = Annotated[
    str | None,
    typer.Option("--from", "-f", metavar="DIALECT", help="What FILE is written in; see 'weft convert'. Else our own."),
]
Input = Annotated[str, typer.Option("--input", "-i", metavar="JSON", help="An object: JSON, @file, or - for stdin.")]
ExecutionId = Annotated[UUID, typer.Argument(metavar="ID", help="An execution's id.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="Show at most so many.")]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="KEYS", help="What to sort by: one or two keys; -createdAt turns one round."),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept in the log.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
