"""``weft integration``: systems that workflows reach, and importing them from OpenAPI documents."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import note, print_json, print_table, printable

app = typer.Typer(help="Systems that workflows reach, and importing them.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="NAME", help="An integration's name, like slack.")]

_SHOWN = 20
"""Things left out that are shown; ``--json`` has all."""


@app.command("list")
def list_integrations(
    query: Annotated[str | None, typer.Argument(metavar="[WORDS]", help="Only those with these words.")] = None,
    category: Annotated[str | None, typer.Option("--category", "-c", help="Only those of this category.")] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the systems that workflows can reach: those that come with Weftline, and imported ones."""
    from weftline.cli.connection import call

    fields = {"query": query, "category": category, "sort": sort}
    found: list[dict[str, Any]] = call(lambda api: api.items("integrations", query=fields, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["NAME", "TITLE", "CATEGORY", "SIGN-IN", "ACTIONS", "CONNECTIONS"],
        [
            (
                each["name"],
                each["displayName"],
                each["category"],
                ", ".join(each["authTypes"]),
                str(each["actionCount"]),
                f"{each['connectionCount']} {each['connectionStatus'] or ''}".strip(),
            )
            for each in found
        ],
    )


@app.command()
def show(
    integration: Named,
    query: Annotated[str | None, typer.Argument(metavar="[WORDS]", help="Only actions with these words.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show a system: how one signs in, and what steps can do there. One action, like petstore.getPet: its schemas."""
    from weftline.cli.connection import call

    name, _, action = integration.partition(".")
    if action:
        print_json(call(lambda api: api.get("integrations", name, "actions", action)))
        return
    known: dict[str, Any] = call(lambda api: api.get("integrations", name))
    actions: list[dict[str, Any]] = call(
        lambda api: api.items("integrations", name, "actions", query={"query": query}, limit=limit)
    )
    if as_json:
        print_json({**known, "actions": actions})
        return
    typer.echo(printable(f"{known['displayName']}: {known['description'] or 'no description'}"))
    typer.echo(
        printable(f"at {known['baseUrl'] or 'an address of its own'}; sign in by {', '.join(known['authTypes'])}")
    )
    print_table(
        ["ACTION", "WHAT IT DOES", "REQUEST"],
        [(each["id"], each["displayName"], f"{each['method'] or ''} {each['endpoint'] or ''}") for each in actions],
    )


@app.command("import")
def import_document(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="An OpenAPI or Swagger document, or its http address; - is standard input."
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="What definitions call the system; else made of its title.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="In place of the document's.")] = None,
    category: Annotated[str | None, typer.Option("--category", "-c", help="Where it is listed.")] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Where the system is, whatever the document says.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would come to.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a system from its OpenAPI or Swagger document, or bring one up to date: an action of each operation."""
    from weftline.cli.connection import call

    body = {"name": name, "title": title, "category": category, "baseUrl": base_url, **_document(source)}
    query = {"dryRun": "true"} if dry_run else None
    given = {key: value for key, value in body.items() if value is not None}
    answer = call(lambda api: api.ask("POST", "integrations", "import", body=given, query=query))
    told: dict[str, Any] = answer.body
    if as_json:
        print_json(told)
        return
    changes = Counter(each["change"] for each in told["actions"])
    counted = ", ".join(f"{count} {change.lower()}" for change, count in changes.items()) or "none"
    act = "would be imported" if dry_run else "is imported" if told["isNew"] else "is brought up to date"
    typer.echo(
        printable(f"{told['name']} {act} from {told['format']}: {told['displayName']} {told['version']}".rstrip())
    )
    typer.echo(printable(f"at {told['baseUrl']}; sign in by {', '.join(each['type'] for each in told['auth'])}"))
    typer.echo(f"actions: {counted}")
    if dry_run:
        print_table(
            ["ACTION", "CHANGE", "REQUEST"],
            [(each["id"], each["change"].lower(), f"{each['method']} {each['endpoint']}") for each in told["actions"]],
        )
    for warning in told["warnings"]:
        note(f"warning: {warning}")
    for each in told["leftOut"][:_SHOWN]:
        note(f"left out: {each['what']} at {each['pointer']}: {each['why']}")
    if told["leftOutTotal"] > _SHOWN:
        note(f"… and {told['leftOutTotal'] - _SHOWN} more things were left out; --json lists them")


@app.command()
def remove(
    integration: Named,
    force: Annotated[bool, typer.Option("--force", help="Even where published workflows call its actions.")] = False,
) -> None:
    """Remove an imported system. Connections to it stay, and serve it when it is imported again."""
    from weftline.cli.connection import call

    query = {"force": "true"} if force else None
    call(lambda api: api.ask("DELETE", "integrations", integration, query=query))
    typer.echo(f"{printable(integration)} is removed.")


def _document(source: str) -> dict[str, str]:
    """What the request says of the document."""
    if source.startswith(("http://", "https://")):
        return {"url": source}
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise CommandFailed(f"{source}: {error.strerror}", exit_code=INVALID) from None
    try:
        return {"document": content.decode("utf-8-sig")}
    except UnicodeDecodeError:
        raise CommandFailed(f"{source} is no text in UTF-8", exit_code=INVALID) from None
