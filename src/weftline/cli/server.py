"""``weft server``: the HTTP API and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.options import Actions
from weftline.cli.worker import StopWithParent

if TYPE_CHECKING:
    from weftline.features.identity.accounts import FirstAdministrator

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on. See WEFT_HOST.")]
Port = Annotated[int | None, typer.Option("--port", "-p", help="The port to listen on. See WEFT_PORT.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("server")(server)


def server(
    host: Host = None,
    port: Port = None,
    actions: Actions = [],  # noqa: B006
    stop_with_parent: StopWithParent = False,
) -> None:
    """Serve the HTTP API until stopped (Ctrl-C or SIGTERM). Executions need a worker beside it."""
    from weftline import bootstrap
    from weftline.cli import loop, parent, session

    if stop_with_parent:
        parent.stop_with_parent()
    settings = session.load_settings(actions, warn=not stop_with_parent, host=host, port=port)
    bootstrap.configure_logging(settings)
    registry = session.load_registry(settings)
    if stop_with_parent:
        # takes seconds, in which the database is made
        import_module("weftline.api.app")
        parent.wait_for_database()
    with session.database(settings, checked=stop_with_parent) as url:
        # whoever started this process has seen to the first account, too
        if not stop_with_parent:
            created = loop.run(bootstrap.create_first_administrator(settings, url))
            if created is not None:
                typer.echo(welcome(created, site=settings.site))
        bootstrap.serve_api(settings, url, registry)


def welcome(created: FirstAdministrator, *, site: str) -> str:
    """How to sign in to a platform that has just got its first account; said once."""
    password = created.password or "the one in WEFT_ADMIN_PASSWORD"
    return (
        f"\n  The first administrator, shown once:\n\n"
        f"    E-mail    {created.email}\n"
        f"    Password  {password}\n"
        f"    Sign in   {site}/sign-in, or: weft login {site} --email {created.email}\n"
    )
