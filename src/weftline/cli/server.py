"""``weft server``: the HTTP API and nothing else."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import Actions
from weftline.cli.worker import StopWithParent

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
    from weftline.cli import parent, session

    if stop_with_parent:
        parent.stop_with_parent()
    settings = session.load_settings(actions, warn=not stop_with_parent, host=host, port=port)
    require_loopback(settings.host)
    bootstrap.configure_logging(settings)
    registry = session.load_registry(settings)
    with session.database(settings, checked=stop_with_parent) as url:
        bootstrap.serve_api(settings, url, registry)


def require_loopback(host: str) -> None:
    """Refuse to listen where others can reach us: there are no accounts yet, so everybody could do everything.

    Raises:
        CommandFailed: the host is not this machine's own.
    """
    try:
        is_local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise CommandFailed(
            f"refusing to listen on {host}: there are no accounts yet, so whoever can connect may do everything",
            ["listen on 127.0.0.1, and put something that authenticates in front of it"],
            exit_code=INVALID,
        )
