"""``weft role``: what members may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from weftline.cli.options import AsJson
from weftline.cli.output import print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import Role

app = typer.Typer(help="What members may be.", no_args_is_help=True)


@app.callback()
def roles() -> None:
    """What members may be."""


@app.command("list")
def list_roles(as_json: AsJson = False) -> None:
    """List the roles of the tenant: the built-in ones, then its own."""
    from weftline.cli.connection import call

    found: list[Role] = call(lambda api: api.get("roles"))["items"]
    if as_json:
        print_json(found)
        return
    print_table(
        ["ROLE", "NAME", "KIND", "INHERITS", "MAY"],
        [
            (
                role["id"],
                role["name"],
                "built-in" if role["builtIn"] else "own",
                ", ".join(role["inherits"]),
                " ".join(role["permissions"]),
            )
            for role in found
        ],
    )
