"""``weft db``: the embedded PostgreSQL server."""

from __future__ import annotations

import os
from types import FrameType
from typing import Annotated

import typer

from weftline.cli.failures import CommandFailed
from weftline.cli.options import AsJson
from weftline.cli.output import print_json

app = typer.Typer(help="The embedded PostgreSQL server.", no_args_is_help=True)


@app.command()
def start() -> None:
    """Start the server and leave it running until 'weft db stop'."""
    from weftline.cli import session
    from weftline.store.embedded import EmbeddedServer

    settings = session.load_settings()
    _require_embedded(settings.database_url is None)
    server = EmbeddedServer(settings.home)
    with session.database(settings) as url:
        server.keep_running()
    typer.echo(f"PostgreSQL is running: {url}")


@app.command()
def stop() -> None:
    """Stop the server, whoever uses it."""
    from weftline.cli.session import load_settings
    from weftline.store.embedded import EmbeddedServer

    settings = load_settings()
    _require_embedded(settings.database_url is None)
    server = EmbeddedServer(settings.home)
    was_running = settings.home.exists() and server.status().running
    if settings.home.exists():
        server.shut_down()
    typer.echo("PostgreSQL is stopped." if was_running else "PostgreSQL was not running.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say whether the server runs, and where everything is. Exits with 1 where it does not run."""
    from weftline.cli.session import load_settings
    from weftline.store.embedded import EmbeddedServer

    settings = load_settings()
    _require_embedded(settings.database_url is None)
    state = EmbeddedServer(settings.home).status()
    facts = {
        "running": state.running,
        "pid": state.pid,
        "version": state.version,
        "url": state.url,
        "data": str(state.data),
        "log": str(state.log),
    }
    if as_json:
        print_json(facts)
    else:
        for name, value in facts.items():
            typer.echo(f"{name:<8} {'' if value is None else value}")
    if not state.running:
        raise typer.Exit(1)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def psql(
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[ARGUMENTS]", help="For psql.")] = None,
) -> None:
    """Open psql on the database, in the worker's role. SET ROLE NONE makes it the tables' owner."""
    import signal
    import subprocess

    from weftline.cli import session
    from weftline.store.embedded import EmbeddedServer

    settings = session.load_settings()
    program = EmbeddedServer(settings.home).binaries.path("psql")
    with session.database(settings) as url:
        # the server must outlive psql, so this process stays around it; Ctrl-C is psql's to handle
        signal.signal(signal.SIGINT, _leave_to_psql)
        # the tables show their rows to a role that may act for all tenants, and none to their owner
        environment = {"PGOPTIONS": "-c role=weft_worker", **os.environ}
        ended = subprocess.run([program, url, *(arguments or [])], env=environment, check=False)  # noqa: S603
    raise typer.Exit(ended.returncode)


def _leave_to_psql(number: int, frame: FrameType | None) -> None:
    """A handler, not SIG_IGN, which psql would inherit."""


def _require_embedded(is_embedded: bool) -> None:
    if not is_embedded:
        raise CommandFailed("WEFT_DATABASE_URL is set: the server is not ours to start or stop")
