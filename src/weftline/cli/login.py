"""``weft login``, ``logout`` and ``whoami``: who the commands are to a server."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson
from weftline.cli.output import note, print_json, printable
from weftline.cli.target import Tenant, current_target, normalized
from weftline.model.address import TOKEN_VARIABLE

if TYPE_CHECKING:
    from weftline.cli.answers import Me
    from weftline.cli.credentials import Credentials


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("login")(login)
    app.command("logout")(logout)
    app.command("whoami")(whoami)


def login(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The server; else one on this machine.")] = None,
    email: Annotated[str | None, typer.Option("--email", "-e", help="Who you are; asked for where absent.")] = None,
    tenant: Tenant = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, and do not ask.")
    ] = False,
    code: Annotated[str | None, typer.Option("--code", help="Of your second factor; asked for where needed.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Send the password to another machine without encryption.")
    ] = False,
) -> None:
    """Sign in to a server: from now on, commands work there, as you."""
    from weftline.cli import loop
    from weftline.cli.prompts import ask, piped_password
    from weftline.cli.sign_in import credentials_from, store

    target = current_target()
    server = _server(url)
    if not insecure:
        _require_encryption(server)
    email = email or ask("E-mail", "--email")
    password = piped_password() if password_stdin else ask("Password", "--password-stdin", secret=True)
    given: dict[str, Any] = {"email": email, "password": password}
    slug = tenant or target.tenant
    answer = _post(server, ("login",), given if slug is None else {**given, "tenant": slug})
    if answer.get("mfaRequired"):
        code = code or ask("Code of your second factor", "--code")
        answer = _post(server, ("mfa", "verify"), {"mfaToken": answer["mfaToken"], "code": code})
    credentials = credentials_from(answer, server, email)
    loop.run(store(credentials))
    typer.echo(f"Signed in to {_described(credentials)}.")


def logout() -> None:
    """End the sign-in, here and on the server."""
    from weftline.cli import loop
    from weftline.cli.sign_in import sign_out

    if current_target().token is not None:
        raise CommandFailed(f"{TOKEN_VARIABLE} is set, and is not ours to end", [f"unset {TOKEN_VARIABLE}"])
    ended = loop.run(sign_out())
    if ended.credentials is None:
        note("You were not signed in.")
        return
    if ended.failure is not None:
        note(f"warning: the server has not ended it: {ended.failure}")
    typer.echo(f"Signed out of {_described(ended.credentials)}.")


def whoami(as_json: AsJson = False) -> None:
    """Show who you are signed in as. Exits with 1 where you are not."""
    from weftline.cli.connection import call
    from weftline.cli.sign_in import find_sign_in

    sign_in = find_sign_in(current_target())
    if sign_in is None:
        raise CommandFailed(
            "you are not signed in: commands work on this machine's own database, with every right",
            ["sign in to a server with 'weft login'"],
        )
    me: Me = call(lambda api: api.get("auth", "me"))
    if as_json:
        print_json(me)
        return
    tenant = me["tenant"]
    facts = {
        "server": sign_in.url,
        "email": me["email"] or "",
        "name": me["name"],
        "tenant": "" if tenant is None else f"{tenant['slug']} ({tenant['name']})",
        "roles": ", ".join(me["roles"]),
    }
    for name, value in facts.items():
        if value:
            typer.echo(f"{name:<8}{printable(value)}")


def _server(url: str | None) -> str:
    """The server to sign in to: the one that is named, or this machine's own."""
    from weftline.cli.session import load_settings

    if url is not None:
        return normalized(url)
    named = current_target().url
    if named is not None:
        return named
    settings = load_settings()
    return normalized(settings.site)


def _require_encryption(url: str) -> None:
    """Refuse to send a password where others on the way can read it.

    Raises:
        CommandFailed: the server is another machine, and its address begins with http.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_local = False
    if parts.scheme != "https" and not is_local:
        raise CommandFailed(
            f"refusing to send a password to {url}: anyone on the way could read it",
            ["use https, or --insecure where the network is yours"],
            exit_code=INVALID,
        )


def _post(server: str, path: tuple[str, ...], body: dict[str, Any]) -> dict[str, Any]:
    from weftline.cli import loop
    from weftline.cli.client import over_http

    async def post() -> dict[str, Any]:
        async with over_http(server) as api:
            return await api.post("auth", *path, body=body)

    return loop.run(post())


def _described(credentials: Credentials) -> str:
    tenant = "" if credentials.tenant is None else f", tenant {printable(credentials.tenant)}"
    return f"{credentials.url} as {credentials.email}{tenant}"
