"""``weft worker``: a worker and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.options import Actions

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.settings import Settings

StopWithParent = Annotated[bool, typer.Option("--stop-with-parent", hidden=True)]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(worker)


def worker(actions: Actions = [], stop_with_parent: StopWithParent = False) -> None:  # noqa: B006
    """Run executions until stopped (Ctrl-C or SIGTERM); what it holds is finished or handed back."""
    from weftline import bootstrap
    from weftline.cli import parent, session
    from weftline.cli.loop import run

    if stop_with_parent:
        parent.stop_with_parent()
    settings = session.load_settings(actions, warn=not stop_with_parent)
    with bootstrap.masked_output():
        bootstrap.configure_logging(settings)
        registry = session.load_registry(settings)
        if stop_with_parent:
            # takes a while, in which the database is made
            import_module("weftline.engine.worker")
            parent.wait_for_database()
        with session.database(settings, checked=stop_with_parent) as url:
            run(_work(settings, url, registry))


async def _work(settings: Settings, url: str, registry: ActionRegistry) -> None:
    from weftline import bootstrap
    from weftline.cli.loop import stop_signal

    stop = stop_signal()
    async with bootstrap.running_worker(settings, url, registry):
        await stop.wait()
