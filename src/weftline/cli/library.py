"""``weft library``: workflows that are ready to be installed; for publishing them, see ``publications``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from weftline.cli import publications
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import print_json, print_table, printable

app = typer.Typer(help="Workflows that are ready to be installed.", no_args_is_help=True)

Template = Annotated[str, typer.Argument(metavar="TEMPLATE", help="A template's id, like purchase-approval.")]
Language = Annotated[str | None, typer.Option("--language", help="Two letters, like de; else English.")]


@app.command("list")
def list_templates(
    query: Annotated[str | None, typer.Argument(metavar="[WORDS]", help="Only those with these words.")] = None,
    category: Annotated[str | None, typer.Option("--category", "-c", help="Only those of this category.")] = None,
    integration: Annotated[str | None, typer.Option("--integration", "-i", help="Only those that need it.")] = None,
    language: Language = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the templates of the library."""
    from weftline.cli.connection import call

    fields = {"query": query, "category": category, "integration": integration, "language": language, "sort": sort}
    found: list[dict[str, Any]] = call(lambda api: api.items("library", query=fields, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["TEMPLATE", "NAME", "CATEGORY", "NEEDS"],
        [(each["id"], each["name"], each["category"], ", ".join(each["requiredIntegrations"])) for each in found],
    )


@app.command()
def show(template: Template, language: Language = None, as_json: AsJson = False) -> None:
    """Show a template: what it does, and what it needs. ``--json`` has its definition."""
    from weftline.cli.connection import call

    query = {} if language is None else {"language": language}
    shown: dict[str, Any] = call(lambda api: api.get("library", template, query=query))
    if as_json:
        print_json(shown)
        return
    typer.echo(printable(f"{shown['name']}\n{shown['description']}"))
    if shown["connections"]:
        print_table(
            ["CONNECTION", "TO", "WHAT FOR"],
            [(each["name"], each["integration"], each["purpose"]) for each in shown["connections"]],
        )
    if shown["variables"]:
        print_table(
            ["VARIABLE", "TYPE", "DEFAULT", "WHAT IT IS"],
            [
                (each["key"], each["type"], "needed" if each["isRequired"] else str(each["default"]), each["title"])
                for each in shown["variables"]
            ],
        )


@app.command()
def install(
    template: Template,
    workflow: Annotated[str | None, typer.Option("--id", help="The new workflow's id; else the template's.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Its name; else the template's.")] = None,
    connections: Annotated[
        list[str] | None,
        typer.Option("--connection", "-c", metavar="NAME=CONNECTION", help="Which connection takes a name's place."),
    ] = None,
    variables: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", metavar="KEY=VALUE", help="A variable's value: JSON, or else text; @FILE reads it."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be made.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the draft of a workflow from a template."""
    from weftline.cli.connection import call

    body: dict[str, Any] = {
        "connections": dict(_pair(each, "--connection") for each in connections or ()),
        "variables": {key: _value(value) for key, value in (_pair(each, "--set") for each in variables or ())},
        **({} if workflow is None else {"workflowId": workflow}),
        **({} if name is None else {"name": name}),
    }
    query = {"dryRun": "true"} if dry_run else None
    answer = call(lambda api: api.ask("POST", "library", template, "install", body=body, query=query))
    made: dict[str, Any] = answer.body
    if as_json:
        print_json(made)
        return
    act = "would be made" if dry_run else "is made"
    typer.echo(printable(f"The draft {made['workflowId']} {act}: {made['name']}"))
    for wanted, chosen in made["connections"].items():
        typer.echo(printable(f"  connection {wanted}: {chosen}"))
    for key in made["variables"]:
        typer.echo(printable(f"  variable {key}"))
    if not dry_run:
        typer.echo(printable(f"Publish it: weft workflow publish {made['workflowId']}"))


for _name, _command in (
    ("propose", publications.propose),
    ("publish", publications.publish),
    ("unpublish", publications.unpublish),
    ("published", publications.list_published),
    ("submissions", publications.list_submissions),
    ("approve", publications.approve),
    ("reject", publications.reject),
    ("withdraw", publications.withdraw),
    ("feature", publications.feature),
):
    app.command(_name)(_command)


def _value(text: str) -> Any:
    """JSON where it is, else the text itself; ``@`` and a file's name, or ``@-``: what is in there."""
    source = text
    if text.startswith("@"):
        try:
            source = sys.stdin.read() if text == "@-" else Path(text[1:]).read_text()
        except OSError as error:
            raise typer.BadParameter(f"{text[1:]}: {error.strerror}", param_hint="--set") from None
        source = source.rstrip("\n")
    try:
        return json.loads(source)
    except ValueError:
        return source


def _pair(text: str, option: str) -> tuple[str, str]:
    """Name and value."""
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise typer.BadParameter(f"'{text}' is no NAME=VALUE", param_hint=option)
    return name, value
