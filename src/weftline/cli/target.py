"""Where commands go: what the options before the command's name say, and the environment."""

from __future__ import annotations

import os
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Annotated

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.model import address
from weftline.model.address import TENANT_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, NotAnAddress

VARIABLES = frozenset({TENANT_VARIABLE, URL_VARIABLE, TOKEN_VARIABLE})
"""Environment variables that only the command line reads; they are no settings of the program."""

Tenant = Annotated[
    str | None,
    typer.Option("--tenant", "-T", envvar=TENANT_VARIABLE, help="The tenant to work in, by its slug."),
]
Url = Annotated[
    str | None,
    typer.Option("--url", envvar=URL_VARIABLE, help="The server to work on; see 'weft login'."),
]
Console = Annotated[
    bool, typer.Option("--console", help="Work on this machine's own database, though signed in elsewhere.")
]


@dataclass(frozen=True, slots=True)
class Target:
    """Where commands go.

    Attributes:
        tenant: the tenant's slug; None for the one signed in to, or the default one.
        url: the server's address; None for the one signed in to.
        token: an access token or an API key to use instead of what ``weft login`` stored.
        at_console: never leave this machine.
    """

    tenant: str | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    at_console: bool = False


_current: ContextVar[Target] = ContextVar("target", default=Target())  # noqa: B039  # it is frozen


def current_target() -> Target:
    """Where the command that runs goes."""
    return _current.get()


def _tell_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"Weftline {version('weftline')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
]


def choose(tenant: Tenant = None, url: Url = None, console: Console = False, version: Version = False) -> None:
    """Run business workflows that survive crashes, restarts and days of waiting."""
    token = os.environ.get(TOKEN_VARIABLE) or None
    _current.set(Target(tenant, None if url is None else normalized(url), token, console))


def normalized(url: str) -> str:
    """A server's address in its one form: scheme, host, port and perhaps a path, without a slash at the end.

    Raises:
        CommandFailed: it is no HTTP address.
    """
    try:
        return address.normalized(url)
    except NotAnAddress:
        # not repeated here: somebody may have put a password into it
        raise CommandFailed(
            "this is no server's address", ["one is https://weft.example.com"], exit_code=INVALID
        ) from None
