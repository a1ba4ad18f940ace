"""``weft variable``: values that expressions see as ``vars``, secrets among them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import Variable
    from weftline.features.variables.models import VariableType

app = typer.Typer(help="Values that expressions see as vars, secrets among them.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="NAME", help="Expressions read vars.NAME.")]
OfWorkflow = Annotated[
    str | None, typer.Option("--workflow", "-w", metavar="ID", help="One workflow's own; else the whole tenant's.")
]


@app.command("list")
def list_variables(workflow: OfWorkflow = None, sort: Sort = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List variables. The values of secrets are shown to nobody."""
    from weftline.cli.connection import call

    found: list[Variable] = call(lambda api: api.items(*_place(workflow), query={"sort": sort}, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["NAME", "TYPE", "VALUE", "CHANGED", "WHAT IT IS FOR"],
        [
            (each["key"], each["type"], _shown(each), local_time(each["updatedAt"]), each["description"] or "")
            for each in found
        ],
    )


@app.command("get")
def get_variable(key: Key, workflow: OfWorkflow = None, as_json: AsJson = False) -> None:
    """Print a variable's value: text as it is, anything else as JSON."""
    from weftline.cli.connection import call

    found: Variable = call(lambda api: api.get(*_place(workflow), key))
    if as_json:
        print_json(found)
    elif found["isEncrypted"]:
        raise CommandFailed(f"{key} is a secret: nobody can read it", ["'weft variable set' gives it another value"])
    else:
        typer.echo(_text(found["value"]))


@app.command("set")
def set_variable(
    key: Key,
    value: Annotated[
        str | None, typer.Argument(help="The value; JSON, unless --type is STRING. Never a secret.", show_default=False)
    ] = None,
    type: Annotated[str, typer.Option("--type", "-t", help="STRING, NUMBER, BOOLEAN, JSON or SECRET.")] = "STRING",
    secret: Annotated[bool, typer.Option("--secret", "-s", help="Like --type SECRET; asks for the value.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Read the value from a file; - is standard input.")
    ] = None,
    description: Annotated[str | None, typer.Option("--description", help="What it is for.")] = None,
    workflow: OfWorkflow = None,
    as_json: AsJson = False,
) -> None:
    """Make a variable, or give it another value. A secret's is asked for, or read from a file or standard input."""
    from weftline.cli.connection import call

    kind = "SECRET" if secret else _type(type)
    _check_name(key)
    body = {"type": kind, "value": _value(kind, value, file), "description": description}
    answer = call(lambda api: api.ask("PUT", *_place(workflow), key, body=body))
    if as_json:
        print_json(answer.body)
    else:
        typer.echo(f"{key} is set.")


@app.command("unset")
def unset_variable(key: Key, workflow: OfWorkflow = None) -> None:
    """Remove a variable. Expressions that name it fail from then on."""
    from weftline.cli.connection import call

    call(lambda api: api.ask("DELETE", *_place(workflow), key))
    typer.echo(f"{key} is removed.")


def _place(workflow: str | None) -> tuple[str, ...]:
    return ("variables",) if workflow is None else ("workflows", workflow, "variables")


def _check_name(key: str) -> None:
    """Refuse a name that no path of the API has, which would be told as a path that is not there."""
    from weftline.features.variables.schemas import NAME

    if NAME.fullmatch(key) is None:
        advice = ["letters, digits and _, a letter or _ first, as in API_URL"]
        raise CommandFailed(f"'{key}' cannot be a variable's name", advice, exit_code=INVALID)


def _type(given: str) -> VariableType:
    match given.upper():
        case "STRING" | "NUMBER" | "BOOLEAN" | "JSON" | "SECRET" as kind:
            return kind
        case _:
            raise CommandFailed("--type: one of STRING, NUMBER, BOOLEAN, JSON and SECRET", exit_code=INVALID)


def _value(kind: VariableType, given: str | None, file: Path | None) -> Any:
    from weftline.cli.values import read_value

    if given is not None and file is not None:
        raise CommandFailed("--file: the value is there already", exit_code=INVALID)
    if kind == "SECRET":
        if given is not None:
            advice = ["leave it out, and it is asked for; or use --file, - for standard input"]
            raise CommandFailed("a secret on the command line is seen by others", advice, exit_code=INVALID)
        return _secret() if file is None else _content(file)
    if file is not None:
        given = _content(file)
    if given is None:
        raise CommandFailed("the value is missing", ["give it after the name, or use --file"], exit_code=INVALID)
    if kind == "STRING":
        return given
    try:
        return read_value(given, "VALUE")
    except CommandFailed as failure:
        match kind:
            case "NUMBER":
                raise CommandFailed(f"VALUE: '{given}' is no number", exit_code=INVALID) from None
            case "BOOLEAN":
                raise CommandFailed(f"VALUE: '{given}' is neither true nor false", exit_code=INVALID) from None
            case "JSON":
                raise CommandFailed(failure.message, ["quote it for the shell: '{…}'"], exit_code=INVALID) from None


def _secret() -> str:
    from weftline.cli.prompts import ask

    return ask("Value", "--file", secret=True)


def _content(file: Path) -> str:
    """A file's text, without the end of its last line."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise CommandFailed(f"cannot read {file}: {error.strerror}", exit_code=INVALID) from None
    except UnicodeDecodeError:
        raise CommandFailed(f"{file} is not UTF-8", exit_code=INVALID) from None
    return text.removesuffix("\n").removesuffix("\r")


def _shown(variable: Variable) -> str:
    return "********" if variable["isEncrypted"] else _text(variable["value"])


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
