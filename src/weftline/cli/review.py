"""``weft review``: drafts, what people fill in, validation, approval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.acting import act, given
from weftline.cli.failures import FAILED
from weftline.cli.options import AsJson, ExecutionId
from weftline.cli.output import print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import Validation

app = typer.Typer(help="Executions that people fill in, submit and approve.", no_args_is_help=True)

Comment = Annotated[str | None, typer.Option("--comment", help="Why.")]


@app.command()
def start(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Start a draft."""
    act(execution_id, "start", as_json)


@app.command()
def fill(
    execution_id: ExecutionId,
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step's id.")],
    data: Annotated[str, typer.Option("--data", "-d", metavar="JSON", help="JSON, @file, or - for stdin.")] = "{}",
    outcome: Annotated[str | None, typer.Option("--outcome", "-o", help="What you decide.")] = None,
    comment: Comment = None,
    as_json: AsJson = False,
) -> None:
    """Fill in a step, or correct what was filled in before."""
    from weftline.cli.values import read_object

    body = given(data=read_object(data, "--data"), outcome=outcome, comment=comment)
    act(execution_id, f"steps/{step}", as_json, body)


@app.command()
def validate(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Say what is wrong with what was filled in."""
    from weftline.cli.connection import call

    found: Validation = call(lambda api: api.post("executions", execution_id, "validate"))
    if as_json:
        print_json(found)
    elif found["valid"]:
        typer.echo("Everything is valid.")
    else:
        rows = [(error["stepId"], error["pointer"], error["message"]) for error in found["errors"]]
        print_table(["STEP", "FIELD", "ERROR"], rows)
    if not found["valid"]:
        raise typer.Exit(FAILED)


@app.command()
def submit(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Submit for approval."""
    act(execution_id, "submit", as_json)


@app.command()
def approve(execution_id: ExecutionId, comment: Comment = None, as_json: AsJson = False) -> None:
    """Approve what was submitted."""
    act(execution_id, "approve", as_json, given(comment=comment))


@app.command()
def reject(
    execution_id: ExecutionId,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")],
    to: Annotated[str | None, typer.Option("--to", metavar="STEP", help="Back to this step.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send what was submitted back."""
    act(execution_id, "reject", as_json, given(reason=reason, toStepId=to))
