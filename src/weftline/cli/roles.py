"""``weft role``: what members may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from weftline.cli.options import AsJson, Sort
from weftline.cli.output import print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import Role

MOST = 1_000
"""More than a tenant can have."""

app = typer.Typer(help="What members may be.", no_args_is_help=True)


@app.callback()
def roles() -> None:
    """What members may be."""


@app.command("list")
def list_roles(sort: Sort = None, as_json: AsJson = False) -> None:
    """List the roles of the tenant: the built-in ones, then its own, unless sorted otherwise."""
    from weftline.cli.connection import call

    found: list[Role] = call(lambda api: api.items("roles", query={"sort": sort}, limit=MOST))
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
