"""``weft workflow migrate``: executions that go on with another version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.acting import act, given
from weftline.cli.failures import FAILED, INVALID, CommandFailed
from weftline.cli.options import AsJson, DryRun, Reason
from weftline.cli.output import print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import MigrationCheck, MigrationProblem, MigrationResult


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="A workflow's id.")],
    to: Annotated[int, typer.Option("--to", min=1, help="The version to go on with.")],
    source: Annotated[int | None, typer.Option("--from", min=1, help="Of all executions of this version.")] = None,
    execution: Annotated[UUID | None, typer.Option("--execution", metavar="ID", help="Of this one only.")] = None,
    node: Annotated[
        list[str], typer.Option("--node", metavar="OLD=NEW", help="A node's id there; may be repeated.")
    ] = [],  # noqa: B006
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let executions go on with another version; those that would lose state stay as they are."""
    if (source is None) == (execution is None):
        raise CommandFailed("say either --from or --execution", exit_code=INVALID)
    nodes = _mapping(node)
    if execution is None:
        body = given(fromVersion=source, toVersion=to, nodes=nodes, reason=reason, dryRun=dry_run)
        _migrate_all(workflow, body, as_json)
        return
    body = given(version=to, nodes=nodes, reason=reason)
    if dry_run:
        _check(execution, {**body, "dryRun": True}, as_json)
    else:
        act(execution, "migrate", as_json, body)


def _migrate_all(workflow: str, body: dict[str, Any], as_json: bool) -> None:
    from weftline.cli.connection import call

    result: MigrationResult = call(lambda api: api.post("workflows", workflow, "migrations", body=body))
    if as_json:
        print_json(result)
        return
    typer.echo(f"{result['possible']} of {result['total']} can go on; {result['refused']} would lose state.")
    if result["problems"]:
        _print([(each["executionId"], problem) for each in result["problems"] for problem in each["problems"]])


def _check(execution: UUID, body: dict[str, Any], as_json: bool) -> None:
    from weftline.cli.connection import call

    check: MigrationCheck = call(lambda api: api.post("executions", execution, "migrate", body=body))
    if as_json:
        print_json(check)
    elif check["possible"]:
        typer.echo("It can go on.")
    else:
        _print([(str(execution), problem) for problem in check["problems"]])
    if not check["possible"]:
        raise typer.Exit(FAILED)


def _print(problems: Sequence[tuple[str, MigrationProblem]]) -> None:
    print_table(
        ["EXECUTION", "STEP", "PROBLEM"], [(id, problem["stepId"], problem["message"]) for id, problem in problems]
    )


def _mapping(nodes: Sequence[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for text in nodes:
        old, sign, new = text.partition("=")
        if not (old and sign and new):
            raise CommandFailed(f"--node: '{text}' is not OLD=NEW", exit_code=INVALID)
        mapping[old] = new
    return mapping
