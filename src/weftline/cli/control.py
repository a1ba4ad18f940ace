"""``weft signal``, ``cancel``, ``pause`` and ``resume``: messages to executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.options import AsJson, ExecutionId
from weftline.cli.output import note, print_json

if TYPE_CHECKING:
    from weftline.cli.answers import ExecutionDetail

TAKEN_IN = 200
"""Status of an answer to a message that has taken effect; it is 202 while no worker has taken it in."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("signal")(signal)
    app.command("cancel")(cancel)
    app.command("pause")(pause)
    app.command("resume")(resume)


def signal(
    execution_id: ExecutionId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The signal's name, or a waiting step's event.")],
    payload: Annotated[str, typer.Option("--payload", metavar="JSON", help="JSON, @file, or - for stdin.")] = "null",
) -> None:
    """Send a signal: it resumes a step that waits for this name, or is kept for one that will."""
    from weftline.cli.connection import call
    from weftline.cli.values import read_value

    body = {"name": name, "payload": read_value(payload, "--payload")}
    call(lambda api: api.post("executions", execution_id, "signals", body=body))
    typer.echo(f"{name} is sent.")


def cancel(
    execution_id: ExecutionId,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the log.")] = None,
    as_json: AsJson = False,
) -> None:
    """End an execution before its time."""
    _act(execution_id, "cancel", as_json, None if reason is None else {"reason": reason})


def pause(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Let an execution begin nothing new until it is resumed."""
    _act(execution_id, "pause", as_json)


def resume(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Let a paused execution go on."""
    _act(execution_id, "resume", as_json)


def _act(execution_id: UUID, act: str, as_json: bool, body: dict[str, Any] | None = None) -> None:
    from weftline.cli.connection import call

    answer = call(lambda api: api.ask("POST", "executions", execution_id, act, body=body))
    detail: ExecutionDetail = answer.body
    if as_json:
        print_json(detail)
    else:
        typer.echo(f"{detail['id']} is {detail['status']}.")
    if answer.status != TAKEN_IN:
        note("No worker has taken the message in yet; it takes effect when one does.")
