"""``weft config`` and ``weft schema``: what can be set, and what can be written."""

from __future__ import annotations

from typing import Annotated

import typer

from weftline.cli.options import AsJson
from weftline.cli.output import print_json, print_table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("config")(config)
    app.command("schema")(schema)


def config(as_json: AsJson = False) -> None:
    """List every setting, its value, and where that comes from. Secrets are masked."""
    from weftline.cli.session import load_settings
    from weftline.settings import describe

    rows = describe(load_settings())
    if as_json:
        print_json([{"name": r.name, "value": r.value, "source": r.source, "description": r.description} for r in rows])
    else:
        print_table(["SETTING", "VALUE", "FROM", "MEANING"], [(r.name, r.value, r.source, r.description) for r in rows])


def schema(
    reference: Annotated[bool, typer.Option("--reference", help="The reference in Markdown instead.")] = False,
    tests: Annotated[bool, typer.Option("--tests", help="That of files of tests (*.test.yaml).")] = False,
) -> None:
    """Print the JSON Schema of definitions, for editors and other tools."""
    if tests:
        from weftline.testing.suite import suite_schema

        print_json(suite_schema())
    elif reference:
        from weftline.language.reference import definition_reference

        typer.echo(definition_reference(), nl=False)
    else:
        from weftline.language import definition_schema

        print_json(definition_schema())
