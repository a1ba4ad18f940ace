"""``weft remote-worker``: carries out the steps of a task queue for a server, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.options import Actions

if TYPE_CHECKING:
    import asyncio

    from weftline.authoring import ActionRegistry
    from weftline.authoring.remote import RemoteWorker

Queue = Annotated[str, typer.Option("--queue", "-q", help="The task queue.")]
Name = Annotated[str | None, typer.Option("--name", help="What it calls itself; else host and process id.")]
Concurrency = Annotated[int, typer.Option("--concurrency", "-c", min=1, help="Steps at once.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("remote-worker")(remote_worker)


def remote_worker(queue: Queue, actions: Actions = [], name: Name = None, concurrency: Concurrency = 20) -> None:  # noqa: B006
    """Carry out the steps of a task queue for the server --url, with the API key in WEFT_TOKEN, until stopped (Ctrl-C
    or SIGTERM); what runs is finished."""
    from weftline import bootstrap
    from weftline.cli import session
    from weftline.cli.failures import INVALID, CommandFailed
    from weftline.cli.loop import run
    from weftline.cli.target import current_target
    from weftline.model.address import TOKEN_VARIABLE, URL_VARIABLE

    target = current_target()
    if target.url is None or target.token is None:
        hints = [f"give --url, or set {URL_VARIABLE}", f"set {TOKEN_VARIABLE} to an API key with the scope job:work"]
        raise CommandFailed("which server, and with what key?", hints, exit_code=INVALID)
    settings = session.load_settings(actions, warn=False)
    bootstrap.configure_logging(settings)
    registry = session.load_registry(settings)
    run(_work(target.url, target.token, queue, registry, name, concurrency))


async def _work(url: str, key: str, queue: str, registry: ActionRegistry, name: str | None, concurrency: int) -> None:
    import asyncio

    from weftline.authoring.remote import RemoteError, RemoteWorker
    from weftline.cli.failures import CommandFailed, exit_code_of
    from weftline.cli.loop import stop_signal

    stop = stop_signal()
    worker = RemoteWorker(url, key, queue, registry=registry, name=name, concurrency=concurrency)
    stopping = asyncio.create_task(_stop_after(stop, worker))
    try:
        await worker.run()
    except RemoteError as error:
        raise CommandFailed(str(error), exit_code=exit_code_of(error.status)) from None
    finally:
        stopping.cancel()


async def _stop_after(stop: asyncio.Event, worker: RemoteWorker) -> None:
    await stop.wait()
    worker.stop()
