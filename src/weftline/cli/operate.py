"""``weft retry``, ``rollback``, ``skip``, ``edit``, ``restart`` and ``children``: what operators do to executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.acting import act, given
from weftline.cli.options import AsJson, DryRun, ExecutionId, Limit, Reason
from weftline.cli.output import local_time, print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import Execution, Restarted, RetryPlan, RollbackPlan

StepId = Annotated[str, typer.Argument(metavar="STEP", help="A step's id, or its key where it is open several times.")]
Set = Annotated[
    str | None, typer.Option("--data", "-d", metavar="JSON", help="An object: JSON, @file, or - for stdin.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("retry")(retry)
    app.command("rollback")(rollback)
    app.command("skip")(skip)
    app.command("edit")(edit)
    app.command("restart")(restart)
    app.command("children")(children)


def retry(
    execution_id: ExecutionId,
    step: Annotated[str | None, typer.Option("--step", help="Do this step again, and what comes after it.")] = None,
    input: Annotated[
        str | None, typer.Option("--input", "-i", metavar="JSON", help="For the step, instead of its own.")
    ] = None,
    data: Set = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Go on from what failed, or do a step again; nothing is undone."""
    from weftline.cli.connection import call
    from weftline.cli.values import read_object, read_value

    body = given(
        **_step(step),
        input=None if input is None else read_value(input, "--input"),
        data=None if data is None else read_object(data, "--data"),
        reason=reason,
    )
    if not dry_run:
        act(execution_id, "retry", as_json, body)
        return
    plan: RetryPlan = call(lambda api: api.post("executions", execution_id, "retry", body={**body, "dryRun": True}))
    if as_json:
        print_json(plan)
        return
    rows = [(each["stepKey"], "may be done once more") for each in plan["sideEffects"]]
    rows += [(each["stepKey"], "is given up") for each in plan["cancelled"]]
    print_table(["STEP", "WHAT HAPPENS"], rows)


def rollback(
    execution_id: ExecutionId,
    to: Annotated[str | None, typer.Option("--to", metavar="STEP", help="Back to this step; else all of it.")] = None,
    redo: Annotated[bool, typer.Option("--redo", help="Do that step again; else its effect stays.")] = False,
    pause: Annotated[bool, typer.Option("--pause", help="Let it rest until it is resumed.")] = False,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Undo what an execution did since a step, or all of it."""
    from weftline.cli.connection import call

    body = given(toStepId=to, redo=redo, pause=pause, reason=reason)
    if not dry_run:
        act(execution_id, "rollback", as_json, body)
        return
    plan: RollbackPlan = call(
        lambda api: api.post("executions", execution_id, "rollback", body={**body, "dryRun": True})
    )
    if as_json:
        print_json(plan)
        return
    rows = [(each["stepKey"], f"is undone by {each['action'] or each['childId']}") for each in plan["undone"]]
    rows += [(each["stepKey"], f"stays: {each['reason']}") for each in plan["cannotUndo"]]
    rows += [(each["stepKey"], "is given up") for each in plan["cancelled"]]
    print_table(["STEP", "WHAT HAPPENS"], rows)


def skip(
    execution_id: ExecutionId,
    step: StepId,
    output: Annotated[
        str | None, typer.Option("--output", metavar="JSON", help="Taken as its output: JSON, @file, or - for stdin.")
    ] = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Pass over a step that is open or has failed, or over a compensation that has failed."""
    from weftline.cli.values import read_value

    value = None if output is None else read_value(output, "--output")
    act(execution_id, "skip", as_json, given(**_step(step), output=value, reason=reason))


def edit(
    execution_id: ExecutionId,
    data: Annotated[str, typer.Option("--set", metavar="JSON", help="Keys and their new values, an object.")] = "{}",
    remove: Annotated[list[str], typer.Option("--remove", metavar="KEY", help="May be repeated.")] = [],  # noqa: B006
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Change the shared data of a running execution."""
    from weftline.cli.values import read_object

    body = given(set=read_object(data, "--set"), remove=remove, reason=reason)
    act(execution_id, "data", as_json, body, method="PATCH")


def restart(
    execution_id: ExecutionId,
    input: Annotated[
        str | None, typer.Option("--input", "-i", metavar="JSON", help="Instead of the first one's.")
    ] = None,
    data: Set = None,
    latest: Annotated[bool, typer.Option("--latest", help="Run the published version.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start a new execution with the same input. Prints its id."""
    from weftline.cli.connection import call
    from weftline.cli.values import read_object

    body = given(
        input=None if input is None else read_object(input, "--input"),
        data=None if data is None else read_object(data, "--data"),
        latest=latest,
    )
    restarted: Restarted = call(lambda api: api.post("executions", execution_id, "restart", body=body))
    if as_json:
        print_json(restarted)
    else:
        typer.echo(restarted["id"])


def children(execution_id: ExecutionId, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the executions that an execution started, the newest first."""
    from weftline.cli.connection import call

    found: list[Execution] = call(lambda api: api.items("executions", execution_id, "children", limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "WORKFLOW", "STATUS", "CREATED"],
        [(item["id"], item["workflowId"], item["status"], local_time(item["createdAt"])) for item in found],
    )


def _step(name: str | None) -> dict[str, Any]:
    """The fields that name a step: a key tells the activation, or the branch, too."""
    if name is None:
        return {}
    return {"stepKey": name} if "@" in name or "~" in name else {"stepId": name}
