"""``weft signal``, ``cancel``, ``pause`` and ``resume``: messages to executions."""

from __future__ import annotations

from typing import Annotated

import typer

from weftline.cli.acting import act, given
from weftline.cli.options import AsJson, ExecutionId, Reason


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
    reason: Reason = None,
    compensate: Annotated[bool, typer.Option("--compensate", help="Undo what has completed first.")] = False,
    as_json: AsJson = False,
) -> None:
    """End an execution before its time."""
    act(execution_id, "cancel", as_json, given(reason=reason, compensate=compensate))


def pause(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Let an execution begin nothing new until it is resumed."""
    act(execution_id, "pause", as_json)


def resume(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Let an execution go on that is paused, or rests after a rollback."""
    act(execution_id, "resume", as_json)
