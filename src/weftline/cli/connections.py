"""``weft connection``: ways into other systems.

Credentials are asked for without an echo, or read as JSON from standard input or a file: never an option's value, which
other processes could see.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table, printable

if TYPE_CHECKING:
    from weftline.cli.answers import Connection
    from weftline.cli.client import Api

app = typer.Typer(help="Connections to other systems.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="NAME", help="A connection's name or id.")]
Own = Annotated[
    bool | None,
    typer.Option("--own/--tenant", help="One's own, or the tenant's; else both.", show_default=False),
]
Credentials = Annotated[
    Path | None,
    typer.Option("--credentials", metavar="FILE", help="Read them as JSON; - is standard input. Else: asked for."),
]
NoTest = Annotated[bool, typer.Option("--no-test", help="Do not try it.")]


@app.command("list")
def list_connections(
    integration: Annotated[
        str | None, typer.Option("--integration", "-i", metavar="NAME", help="Only those to this system.")
    ] = None,
    own: Own = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List connections. Nobody is shown credentials."""
    from weftline.cli.connection import call

    query = {"integrationId": integration, "isPersonal": own, "sort": sort}
    found: list[Connection] = call(lambda api: api.items("connections", query=query, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["NAME", "INTEGRATION", "SIGN-IN", "STATUS", "WHOSE", "TESTED", "LAST USED", "ID"],
        [
            (
                each["name"],
                each["integrationId"],
                each["authType"],
                _standing(each),
                "own" if each["userId"] else "tenant",
                local_time(each["testedAt"]),
                None if each["lastUse"] is None else local_time(each["lastUse"]["at"]),
                each["id"],
            )
            for each in found
        ],
    )


@app.command()
def add(
    integration: Annotated[str, typer.Argument(help="The system, like slack; see 'weft integration list'.")],
    name: Annotated[str, typer.Argument(help="Under which definitions name it.")],
    auth: Annotated[
        str | None, typer.Option("--auth", "-a", metavar="TYPE", help="How it signs in; the usual way where absent.")
    ] = None,
    config: Annotated[
        list[str], typer.Option("--config", "-c", metavar="KEY=VALUE", help="Configuration; may be repeated.")
    ] = [],  # noqa: B006
    credentials: Credentials = None,
    own: Annotated[bool, typer.Option("--own", help="For executions that you start yourself.")] = False,
    default: Annotated[bool, typer.Option("--default", help="For steps that name no connection.")] = False,
    no_test: NoTest = False,
    as_json: AsJson = False,
) -> None:
    """Connect to a system. It is tried at once, and kept whether it works or not."""
    from weftline.cli.connection import call

    known: dict[str, Any] = call(lambda api: api.get("integrations", integration))
    way = _way(known, auth)
    body = {
        "integrationId": integration,
        "name": name,
        "authType": way["type"],
        "config": _config(known, config),
        "credentials": _credentials(way, credentials),
        "isPersonal": own,
        "isDefault": default,
        "test": not no_test,
    }
    made: Connection = call(lambda api: api.post("connections", body=body))
    _tell(made, as_json)
    if made["authType"] == "OAUTH2" and not made["hasTokens"] and not as_json:
        typer.echo(f"'weft connection authorize {name}' tells where to allow access.", err=True)


@app.command()
def test(connection: Named, as_json: AsJson = False) -> None:
    """Try a connection. Fails where it does not work."""
    from weftline.cli.connection import call

    tested: Connection = call(lambda api: _on(api, connection, "POST", "test"))
    _tell(tested, as_json)
    if tested["status"] in ("UNAUTHORIZED", "FAILING"):
        raise typer.Exit(1)


@app.command()
def renew(connection: Named, credentials: Credentials = None, no_test: NoTest = False, as_json: AsJson = False) -> None:
    """Enter the credentials of a connection anew. Steps that wait for it go on."""
    from weftline.cli.connection import call

    found: Connection = call(lambda api: _on(api, connection, "GET"))
    known: dict[str, Any] = call(lambda api: api.get("integrations", found["integrationId"]))
    body = {"credentials": _credentials(_way(known, found["authType"]), credentials), "test": not no_test}
    _tell(call(lambda api: _on(api, found["id"], "PATCH", body=body)), as_json)


@app.command()
def authorize(connection: Named, as_json: AsJson = False) -> None:
    """Begin OAuth 2.0: prints the address at which to allow access."""
    from weftline.cli.connection import call

    begun: dict[str, Any] = call(lambda api: _on(api, connection, "POST", "authorize"))
    if as_json:
        print_json(begun)
    else:
        typer.echo(begun["authorizationUrl"])


@app.command()
def reset(connection: Named, as_json: AsJson = False) -> None:
    """Close a connection's circuit breaker. Steps that wait for it go on."""
    _act(connection, "reset", as_json)


@app.command()
def enable(connection: Named, as_json: AsJson = False) -> None:
    """Let steps use a connection again."""
    _act(connection, "enable", as_json)


@app.command()
def disable(connection: Named, as_json: AsJson = False) -> None:
    """Let no step use a connection."""
    _act(connection, "disable", as_json)


@app.command()
def remove(
    connection: Named,
    force: Annotated[bool, typer.Option("--force", help="Even where published workflows name it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a connection, and give its tokens back."""
    from weftline.cli.connection import call

    query = {"force": "true"} if force else None
    removed: Connection = call(lambda api: _on(api, connection, "DELETE", query=query))
    if as_json:
        print_json(removed)
    else:
        typer.echo(f"{printable(removed['name'])} is removed.")


def _act(connection: str, act: str, as_json: bool) -> None:
    from weftline.cli.connection import call

    _tell(call(lambda api: _on(api, connection, "POST", act)), as_json)


async def _on(
    api: Api, connection: str, method: str, *act: str, query: dict[str, str] | None = None, body: Any = None
) -> Any:
    return (await api.ask(method, "connections", await _id(api, connection), *act, query=query, body=body)).body


async def _id(api: Api, connection: str) -> str:
    """The id of the connection that somebody means; their own comes before the tenant's."""
    try:
        return str(UUID(connection))
    except ValueError:
        pass
    listed: list[Connection] = await api.items("connections", query={"query": connection}, limit=200)
    found = [each for each in listed if each["name"] == connection]
    if not found:
        raise CommandFailed(f"there is no connection '{connection}'", ["'weft connection list' shows them"])
    return min(found, key=lambda each: each["userId"] is None)["id"]


def _way(known: dict[str, Any], auth: str | None) -> dict[str, Any]:
    """How to sign in."""
    ways: list[dict[str, Any]] = known["auth"]
    if auth is None:
        return ways[0]
    for each in ways:
        if each["type"] == auth.upper().replace("-", "_"):
            return each
    advice = [f"one can sign in by {', '.join(each['type'] for each in ways)}"]
    raise CommandFailed(f"'{known['id']}' knows no sign-in '{auth}'", advice, exit_code=INVALID)


def _config(known: dict[str, Any], given: list[str]) -> dict[str, Any]:
    """The configuration: values as the schema has them, JSON where that is no text."""
    import orjson

    properties: dict[str, Any] = known["configSchema"].get("properties", {})
    found: dict[str, Any] = {}
    for each in given:
        key, is_given, value = each.partition("=")
        if not is_given:
            raise CommandFailed(f"'{each}' is no KEY=VALUE", exit_code=INVALID)
        if properties.get(key, {}).get("type", "string") == "string":
            found[key] = value
            continue
        try:
            found[key] = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise CommandFailed(f"the value of '{key}' is no JSON", exit_code=INVALID) from None
    return found


def _credentials(way: dict[str, Any], file: Path | None) -> dict[str, Any]:
    """What the way of signing in asks for."""
    import orjson

    from weftline.cli.prompts import ask

    schema: dict[str, Any] = way["credentialsSchema"]
    properties: dict[str, Any] = schema.get("properties", {})
    if file is not None:
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
            given = orjson.loads(text)
        except OSError as error:
            raise CommandFailed(f"{file}: {error.strerror}", exit_code=INVALID) from None
        except orjson.JSONDecodeError as error:
            raise CommandFailed(f"the credentials are no JSON: {error}", exit_code=INVALID) from None
        if not isinstance(given, dict):
            raise CommandFailed("the credentials are no JSON object", exit_code=INVALID)
        return cast("dict[str, Any]", given)
    return {
        name: ask(properties[name].get("title", name), "--credentials", secret=not properties[name].get("x-public"))
        for name in schema.get("required", [])
    }


def _standing(connection: Connection) -> str:
    if not connection["isActive"]:
        return "disabled"
    breaker = connection["breaker"]["state"]
    return connection["status"] if breaker == "CLOSED" else f"{connection['status']}, circuit {breaker}"


def _tell(connection: Connection, as_json: bool) -> None:
    if as_json:
        print_json(connection)
        return
    detail = f": {printable(connection['statusDetail'])}" if connection["statusDetail"] else ""
    typer.echo(f"{printable(connection['name'])} is {_standing(connection)}{detail}")
