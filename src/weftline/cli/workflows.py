"""``weft workflow``: the workflows of a tenant, their versions and statuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.definitions import publish as publish_definition
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table, printable
from weftline.model.status import TemplateStatus

if TYPE_CHECKING:
    from weftline.cli.answers import Diff, FieldChange, PublishedVersion, Version, WorkflowSummary

app = typer.Typer(help="Workflows, their versions and statuses.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="WORKFLOW", help="A workflow's id.")]
Number = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="A version's number.")]
Message = Annotated[str | None, typer.Option("--message", "-m", help="What changed.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; the audit log keeps it.")]
Status = Annotated[
    list[TemplateStatus],
    typer.Option("--status", "-s", case_sensitive=False, help="Only these; may be repeated. Else all but ARCHIVED."),
]

MARKS = {"added": "+", "removed": "-", "changed": "~"}


@app.command("list")
def list_workflows(
    status: Status = [],  # noqa: B006
    query: Annotated[str | None, typer.Option("--query", "-q", help="Text within the id or the name.")] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List workflows by their ids."""
    from weftline.cli.connection import call

    wanted = {"status": [each.value for each in status], "q": query, "sort": sort}
    found: list[WorkflowSummary] = call(lambda api: api.items("workflows", query=wanted, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "STATUS", "PUBLISHED", "LATEST", "CHANGED", "NAME"],
        [
            (
                item["id"],
                item["status"],
                item["publishedVersion"],
                item["latestVersion"],
                local_time(item["updatedAt"]),
                item["name"],
            )
            for item in found
        ],
    )


@app.command()
def show(
    workflow: Name,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="A version's number; else the latest.")
    ] = None,
) -> None:
    """Print a workflow with its definition, as JSON."""
    from weftline.cli.connection import call

    print_json(call(lambda api: api.get("workflows", workflow, query={"version": version})))


@app.command()
def versions(workflow: Name, sort: Sort = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List a workflow's versions, the newest first."""
    from weftline.cli.connection import call

    query = {"sort": sort}
    found: list[Version] = call(lambda api: api.items("workflows", workflow, "versions", query=query, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["VERSION", "LABEL", "STATUS", "ACTIVE", "PUBLISHED", "CHANGE"],
        [
            (
                item["versionNumber"],
                item["label"],
                item["status"],
                "yes" if item["isActive"] else "",
                local_time(item["publishedAt"]),
                _change(item),
            )
            for item in found
        ],
    )


@app.command()
def diff(
    workflow: Name,
    before: Annotated[int | None, typer.Argument(metavar="[FROM]", min=1, help="Else the version before.")] = None,
    after: Annotated[int | None, typer.Argument(metavar="[TO]", min=1, help="Else the latest version.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what differs between two versions."""
    from weftline.cli.connection import call

    wanted = {"from": before, "to": after}
    found: Diff = call(lambda api: api.get("workflows", workflow, "versions", "diff", query=wanted))
    if as_json:
        print_json(found)
        return
    typer.echo(f"{printable(workflow)}: version {found['from']} → {found['to']}")
    if found["isEmpty"]:
        typer.echo("Nothing differs.")
    for line in _lines(found):
        typer.echo(printable(line))


@app.command()
def publish(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="A workflow's id, or code: module:Object.")],
    message: Message = None,
    as_json: AsJson = False,
) -> None:
    """Make a workflow's latest version the one that new executions run; of a workflow in code, what it is now."""
    from weftline.cli.code import is_reference
    from weftline.cli.connection import call

    if is_reference(workflow):
        publish_definition(Path(workflow), message=message, as_json=as_json)
        return
    body = {"changeDescription": message}
    _tell_version(workflow, call(lambda api: api.post("workflows", workflow, "publish", body=body)), as_json)


@app.command()
def rollback(workflow: Name, version: Number, message: Message = None, as_json: AsJson = False) -> None:
    """Publish what an earlier version was, as a new version."""
    from weftline.cli.connection import call

    path, body = ("workflows", workflow, "versions", version, "rollback"), {"changeDescription": message}
    _tell_version(workflow, call(lambda api: api.post(*path, body=body)), as_json)


@app.command()
def deprecate(workflow: Name, reason: Reason = None, as_json: AsJson = False) -> None:
    """Say that a workflow should be used no longer. It still starts executions."""
    _move(workflow, "deprecate", reason, as_json)


@app.command()
def archive(workflow: Name, reason: Reason = None, as_json: AsJson = False) -> None:
    """Put a workflow away: it starts no executions. Those that run go on."""
    _move(workflow, "archive", reason, as_json)


@app.command()
def restore(workflow: Name, reason: Reason = None, as_json: AsJson = False) -> None:
    """Bring an archived or deprecated workflow back."""
    _move(workflow, "restore", reason, as_json)


def _move(workflow: str, act: str, reason: str | None, as_json: bool) -> None:
    from weftline.cli.connection import call

    moved: WorkflowSummary = call(lambda api: api.post("workflows", workflow, act, body={"reason": reason}))
    if as_json:
        print_json(moved)
    else:
        typer.echo(f"{printable(moved['id'])} is {moved['status']}.")


def _tell_version(workflow: str, version: PublishedVersion, as_json: bool) -> None:
    from weftline.cli.failures import field_line
    from weftline.cli.output import note

    if as_json:
        print_json(version)
        return
    typer.echo(f"{printable(workflow)} version {version['versionNumber']} is published.")
    for warning in version["warnings"]:
        note(f"warning: {printable(field_line(warning['pointer'], warning['message'], warning['hint']))}")


def _change(version: Version) -> str:
    note = version["changeDescription"] or ""
    if version["rollbackOf"] is None:
        return note
    return f"back to version {version['rollbackOf']}" + (f": {note}" if note else "")


def _lines(found: Diff) -> list[str]:
    nodes = found["nodes"]
    lines = [f"+ node {id}" for id in nodes["added"]]
    lines += [f"- node {id}" for id in nodes["removed"]]
    lines += [f"~ node {each['before']} is now {each['after']}" for each in nodes["renamed"]]
    for node in nodes["changed"]:
        lines += [f"~ node {node['id']}", *(f"    {_place(change)}" for change in node["fields"])]
    for name, changes in (("settings", found["settings"]), ("definition", found["other"])):
        if changes:
            lines += [f"~ {name}", *(f"    {_place(change)}" for change in changes)]
    return lines


def _place(change: FieldChange) -> str:
    mark = MARKS[change["change"]]
    match change["change"]:
        case "added":
            values = _compact(change["after"])
        case "removed":
            values = _compact(change["before"])
        case _:
            values = f"{_compact(change['before'])} → {_compact(change['after'])}"
    return f"{mark} {change['path']} {values}"


def _compact(value: Any) -> str:
    import orjson

    return orjson.dumps(value).decode()
