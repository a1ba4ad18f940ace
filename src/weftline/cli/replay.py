"""``weft replay``: recorded executions, run again with another version of their definition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import FAILED, INVALID, CommandFailed
from weftline.cli.options import Actions
from weftline.cli.output import print_json, printable

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.cli.client import Api
    from weftline.cli.records import Record
    from weftline.language.program import Program
    from weftline.testing.replay import Replay

MAX_DIFFERENCES = 5
"""That are shown of one execution."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    executions: Annotated[
        list[str] | None, typer.Argument(metavar="[EXECUTION]...", help="Executions' ids, or files that --save wrote.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--with", "-w", metavar="FILE", help="The other version: a definition, or code.")
    ] = None,
    workflow: Annotated[str | None, typer.Option("--workflow", help="Take this workflow's last executions.")] = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=200, help="So many of them.")] = 20,
    variables: Annotated[
        str, typer.Option("--variables", metavar="JSON", help="Values of `vars`, an object: JSON or @file.")
    ] = "{}",
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Save the record of an execution.")
    ] = None,
    actions: Actions = [],  # noqa: B006
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run recorded executions again with another version of their definition, and tell where it takes another path.

    Nothing runs for real: results, answers and signals are those of the record. Exits with 0 where every path is the
    same, 1 where one is not.
    """
    from weftline.cli.records import write_record
    from weftline.cli.values import read_definition, read_object

    if file is None and save is None:
        raise CommandFailed("say with which version (--with), or where to save the record (--save)", exit_code=INVALID)
    document = None if file is None else read_definition(file)
    values = read_object(variables, "--variables")
    records = _records(executions or [], workflow, last)
    if save is not None:
        if len(records) != 1:
            raise CommandFailed("--save takes one execution", exit_code=INVALID)
        write_record(save, records[0])
    if document is None:
        return
    replays = replay_all(records, document, values, actions)
    if as_json:
        print_json([{"executionId": record["executionId"], **each.to_json()} for record, each in replays])
    else:
        show(replays)
    if not all(each.is_same for _, each in replays):
        raise typer.Exit(FAILED)


def replay_all(
    records: Sequence[Record], document: dict[str, Any], variables: dict[str, Any], actions: Sequence[str] = ()
) -> list[tuple[Record, Replay]]:
    """Replay records with another version.

    Args:
        records: what is replayed.
        document: the other version's definition.
        variables: values of ``vars``.
        actions: modules with the durable functions that there are.

    Raises:
        CommandFailed: the version is not valid, or a record is none.
        InvalidDefinition: the version is not valid.
    """
    from uuid import UUID

    from weftline.cli.records import events_of
    from weftline.testing import TestProblem
    from weftline.testing.replay import replay as replay_one

    program, registry = _compiled(document, actions)
    done: list[tuple[Record, Replay]] = []
    for record in records:
        if record["workflowId"] != program.id:
            what = f"execution {record['executionId']} is of workflow '{record['workflowId']}', not '{program.id}'"
            raise CommandFailed(what, exit_code=INVALID)
        try:
            replayed = replay_one(
                program,
                record["input"],
                events_of(record),
                before=_program(record),
                execution_id=UUID(record["executionId"]),
                variables=variables,
                registry=registry,
            )
        except (TestProblem, ValueError) as error:
            what = f"execution {record['executionId']} cannot be replayed: {error}"
            raise CommandFailed(what, exit_code=INVALID) from error
        done.append((record, replayed))
    return done


def require_same_paths(document: dict[str, Any], last: int, actions: Sequence[str]) -> None:
    """Replay a workflow's last executions with a version that is to be published.

    Raises:
        CommandFailed: one of them takes another path.
    """
    # one that is not valid need not be compared
    _compiled(document, actions)
    replays = replay_all(_records((), document["id"], last), document, {}, actions)
    show(replays)
    if not all(each.is_same for _, each in replays):
        raise CommandFailed("not published: executions take another path with it")


def _compiled(document: dict[str, Any], actions: Sequence[str]) -> tuple[Program, ActionRegistry]:
    """The program of a definition, and where its actions are.

    Raises:
        InvalidDefinition: it is not valid.
    """
    from weftline.cli import session
    from weftline.cli.definitions import require_valid
    from weftline.language import load

    settings = session.load_settings(actions)
    registry = session.load_registry(settings)
    with session.installed_plugins(settings) as plugins:
        return load(require_valid(document, plugins, None))[1], registry


def _program(record: Record) -> Program | None:
    """The version that the record is of; None where this release does not accept it any more."""
    from weftline.language import DefinitionError, load

    try:
        return load(record["definition"])[1]
    except DefinitionError:
        return None


def show(replays: Sequence[tuple[Record, Replay]]) -> None:
    """Tell what replays came to."""
    for record, each in replays:
        mark = "✓" if each.is_same else "✗"
        said = "the same path" if each.is_same else "another path"
        line = f"{mark} {record['executionId']} (version {record['versionNumber']}, {each.recorded_status}): {said}"
        typer.echo(printable(line))
        details = [str(difference) for difference in each.differences[:MAX_DIFFERENCES]]
        if len(each.differences) > MAX_DIFFERENCES:
            details.append(f"and {len(each.differences) - MAX_DIFFERENCES} more differences")
        details += [f"the record does not say {missing}" for missing in each.missing]
        details += [f"not asked for: {unused}" for unused in each.unused]
        details += [f"{key} gets another input than the one that its result is of" for key in each.changed_inputs]
        if each.cut is not None:
            details.append(f"replayed up to {each.cut}")
        for detail in details:
            typer.echo(printable(f"    {detail}"))
    same = sum(each.is_same for _, each in replays)
    typer.echo(f"{same} of {len(replays)} take the same path")


def _records(executions: Sequence[str], workflow: str | None, last: int) -> list[Record]:
    from weftline.cli.connection import call
    from weftline.cli.records import fetch_last, read_record

    if workflow is None and not executions:
        raise CommandFailed("name executions, files of records, or a workflow (--workflow)", exit_code=INVALID)
    records = [read_record(Path(each)) for each in executions if Path(each).is_file()]
    ids = [each for each in executions if not Path(each).is_file()]
    if ids:
        records += call(lambda api: _fetch(api, ids))
    if workflow is not None:
        records += call(lambda api: fetch_last(api, workflow, last))
    return records


async def _fetch(api: Api, ids: Sequence[str]) -> list[Record]:
    from weftline.cli.records import fetch_record

    return [await fetch_record(api, each) for each in ids]
