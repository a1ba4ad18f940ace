"""Publishing templates, and deciding on those that are to be public: a part of ``weft library``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from weftline.cli.options import AsJson, Limit
from weftline.cli.output import print_json, print_table, printable

Template = Annotated[str, typer.Argument(metavar="TEMPLATE", help="The template's id.")]
Submission = Annotated[str, typer.Argument(metavar="SUBMISSION", help="Its id; see 'weft library submissions'.")]
Note = Annotated[str, typer.Option("--note", help="Why; those who submitted it are told.")]


def propose(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="A workflow's id.")],
    version: Annotated[int | None, typer.Option("--version", help="Of the workflow; else the published one.")] = None,
) -> None:
    """Write what 'publish' has to be told of a workflow, as YAML to be filled in."""
    import yaml

    from weftline.cli.connection import call

    query = None if version is None else {"version": version}
    found: dict[str, Any] = call(lambda api: api.get("workflows", workflow, "template", query=query))
    body: dict[str, Any] = {
        "visibility": "TENANT",
        "category": "",
        "name": {"en": found["name"]},
        "description": {"en": found["description"] or ""},
        "tags": [],
        "connections": {
            each["name"]: {"placeholder": each["placeholder"], "purpose": {"en": f"Access to {each['integration']}."}}
            for each in found["connections"]
        },
        "variables": [
            {name: value for name, value in each.items() if value is not None} for each in found["variables"]
        ],
        "sampleInput": {},
    }
    typer.echo(yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120), nl=False)
    for each in found["findings"]:
        typer.echo(printable(f"# {each['pointer']}: {each['message']}. {each['hint'] or ''}"), err=True)


def publish(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="A workflow's id.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What the template is to be, as 'propose' writes it; - for stdin.")
    ],
    template: Annotated[str | None, typer.Option("--id", help="The template's id; else the workflow's.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what the template would be.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a workflow as a template, or a new version of one."""
    from weftline.cli.connection import call
    from weftline.cli.values import read_definition

    body, id = read_definition(file), template or workflow
    whole = {**body, "id": id, "workflowId": workflow}
    if dry_run:
        query = {"dryRun": "true"}
        print_json(call(lambda api: api.ask("POST", "publications", body=whole, query=query)).body)
        return
    published: list[dict[str, Any]] = call(lambda api: api.items("publications", limit=1_000))
    if any(each["id"] == id for each in published):
        made: dict[str, Any] = call(lambda api: api.post("publications", id, "versions", body=body))
    else:
        made = call(lambda api: api.post("publications", body=whole))
    if as_json:
        print_json(made)
        return
    version = made["version"]
    told = f"Version {version['number']} of the template {id} is published"
    waiting = " and waits for an operator before other tenants see it" if version["status"] == "PENDING" else ""
    typer.echo(printable(f"{told}{waiting}."))


def unpublish(template: Template) -> None:
    """Take a template back; what was installed from it stays as it is."""
    from weftline.cli.connection import call

    call(lambda api: api.post("publications", template, "unpublish"))
    typer.echo(printable(f"The template {template} is taken back."))


def list_published(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the templates that the tenant has published."""
    from weftline.cli.connection import call

    found: list[dict[str, Any]] = call(lambda api: api.items("publications", limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["TEMPLATE", "VERSION", "FOR", "STATUS", "NOTE"],
        [
            (
                each["id"],
                str(each["version"]["number"]),
                each["visibility"].lower(),
                _status(each["version"]["status"]) if each["isPublished"] else "taken back",
                each["version"]["note"] or "",
            )
            for each in found
        ],
    )


def list_submissions(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided on.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the templates that tenants want to be public; for operators."""
    from weftline.cli.connection import call

    query = None if everything else {"status": "PENDING"}
    found: list[dict[str, Any]] = call(lambda api: api.items("platform", "submissions", query=query, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["SUBMISSION", "TEMPLATE", "VERSION", "TENANT", "STATUS"],
        [
            (each["id"], each["templateId"], str(each["version"]), each["tenantName"], _status(each["status"]))
            for each in found
        ],
    )


def approve(
    submission: Submission,
    note: Annotated[str | None, typer.Option("--note", help="Something for those who submitted it.")] = None,
) -> None:
    """Let every tenant see a template; for operators."""
    found = _decide(submission, "approve", {"note": note})
    typer.echo(printable(f"Every tenant sees the template {found['templateId']}, version {found['version']}."))


def reject(submission: Submission, note: Note) -> None:
    """Refuse to let other tenants see a template; for operators."""
    found = _decide(submission, "reject", {"note": note})
    typer.echo(printable(f"The template {found['templateId']} stays its tenant's own."))


def withdraw(submission: Submission, note: Note) -> None:
    """Take a public template from everybody but its tenant; for operators."""
    found = _decide(submission, "withdraw", {"note": note})
    typer.echo(printable(f"The template {found['templateId']} is its tenant's own again."))


def feature(
    template: Template,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    featured: Annotated[
        bool | None, typer.Option("--featured/--not-featured", help="Shown first, or not; else as it says itself.")
    ] = None,
    premium: Annotated[
        bool | None, typer.Option("--premium/--not-premium", help="Takes a licence, or not; else as it says itself.")
    ] = None,
) -> None:
    """Say whether a template is shown first, and whether it takes a licence; for operators."""
    from weftline.cli.connection import call

    body, query = {"isFeatured": featured, "isPremium": premium}, {"reason": reason}
    call(lambda api: api.ask("PUT", "platform", "templates", template, "marks", body=body, query=query))
    typer.echo(printable(f"{template}: featured {_said(featured)}, premium {_said(premium)}"))


def _decide(submission: str, act: str, body: dict[str, Any]) -> dict[str, Any]:
    from weftline.cli.connection import call

    return call(lambda api: api.post("platform", "submissions", submission, act, body=body))


def _status(status: str) -> str:
    return {"NOT_NEEDED": "published"}.get(status, status.lower())


def _said(value: bool | None) -> str:
    return "as it says itself" if value is None else "yes" if value else "no"
