"""Asking something of an execution, and saying what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

from weftline.cli.output import note, print_json

if TYPE_CHECKING:
    from weftline.cli.answers import ExecutionDetail

TAKEN_IN = 200
"""Status of an answer to an act that has taken effect; it is 202 while no worker has taken it in."""


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def act(
    execution_id: UUID, name: str, as_json: bool, body: dict[str, Any] | None = None, *, method: str = "POST"
) -> None:
    """Ask something of an execution.

    Args:
        execution_id: which.
        name: what, as the path of the API says it.
        as_json: print the whole answer.
        body: what the act needs.
        method: of HTTP.
    """
    from weftline.cli.connection import call

    answer = call(lambda api: api.ask(method, "executions", execution_id, *name.split("/"), body=body))
    detail: ExecutionDetail = answer.body
    if as_json:
        print_json(detail)
    else:
        typer.echo(f"{detail['id']} is {detail['status']}.")
    if answer.status != TAKEN_IN:
        note("No worker has taken the message in yet; it takes effect when one does.")
