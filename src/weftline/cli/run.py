"""``weft run``: one execution from a file, with a worker in this process, watched to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import FAILED, INTERRUPTED
from weftline.cli.options import Actions, AsJson, DefinitionFile, Input, WrittenIn
from weftline.cli.output import note, print_json
from weftline.model.status import ExecutionStatus

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.cli import answers
    from weftline.cli.client import Api
    from weftline.cli.progress import StepView
    from weftline.settings import Settings

LOOK_INTERVAL = 0.1
"""Seconds between looks at the log."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    file: DefinitionFile,
    input: Input = "{}",
    actions: Actions = [],  # noqa: B006
    others: Annotated[
        list[Path],
        typer.Option("--with", "-w", metavar="FILE", help="A definition to publish before; may be repeated."),
    ] = [],  # noqa: B006
    dialect: WrittenIn = None,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the worker's and the actions' log.")] = False,
) -> None:
    """Publish a definition, run it once, and show every step. The output is printed as JSON.

    Workflows that it starts are given by --with, and published before it, in that order.
    Exits with 0 where the execution completed, 1 where it did not, 2 where definition or input are not valid.
    """
    from weftline import bootstrap
    from weftline.cli import loop, session
    from weftline.cli.definitions import require_valid
    from weftline.cli.values import read_definition, read_object

    documents = [*(read_definition(each) for each in others), read_definition(file, dialect)]
    given = read_object(input, "--input")
    settings = session.load_settings(actions)
    registry = session.load_registry(settings)
    with session.installed_plugins(settings) as plugins:
        names = registry.names()
        for document in documents:
            require_valid(document, plugins, names)
    bootstrap.configure_logging(settings if verbose else settings.model_copy(update={"log_level": "warning"}))
    with bootstrap.masked_output(), session.database(settings) as url:
        detail = loop.run(_run(settings, url, registry, names, documents, given, show_steps=not as_json))
    if detail is None:
        raise typer.Exit(INTERRUPTED)
    is_completed = detail["status"] == ExecutionStatus.COMPLETED
    if as_json:
        print_json(detail)
    elif is_completed:
        print_json(detail["output"])
    else:
        reason = "" if detail["error"] is None else f": {detail['error']['message']}"
        note(f"The execution is {detail['status']}{reason}")
    if not is_completed:
        raise typer.Exit(FAILED)


async def _run(
    settings: Settings,
    url: str,
    registry: ActionRegistry,
    names: Collection[str],
    documents: Sequence[dict[str, Any]],
    input: dict[str, Any],
    *,
    show_steps: bool,
) -> answers.ExecutionDetail | None:
    """The execution of the last document once it has ended; None where it was left to go on later."""
    from weftline import bootstrap
    from weftline.cli.connection import at_console
    from weftline.cli.definitions import publish_document
    from weftline.cli.loop import stop_signal
    from weftline.cli.progress import Progress, Silent

    stop = stop_signal()
    async with at_console(settings, url, names) as api:
        *others, document = documents
        for other in others:
            await publish_document(api, other)
        workflow = await publish_document(api, document)
        started: answers.Execution = await api.post("workflows", workflow["id"], "executions", body={"input": input})
        execution_id = started["id"]
        with Progress(execution_id, document) if show_steps else Silent() as view:
            async with bootstrap.running_worker(settings, url, registry):
                ended = await _follow(api, execution_id, input, view, stop)
        if not ended:
            note(f"\nExecution {execution_id} is left as it is; it goes on with 'weft up' or 'weft worker'.")
            return None
        return await api.get("executions", execution_id)


async def _follow(api: Api, execution_id: str, input: dict[str, Any], view: StepView, stop: asyncio.Event) -> bool:
    """Show what happens until the execution ends; False where ``stop`` came first."""
    from weftline.cli.records import EVENTS_AT_ONCE, event_of
    from weftline.features.executions.steps import StepCollector
    from weftline.machine.state import State

    state = State(input)
    collector = StepCollector(state)
    while not state.status.is_terminal and not stop.is_set():
        page = await api.get("executions", execution_id, "events", query={"after": state.seq, "limit": EVENTS_AT_ONCE})
        collector.apply(map(event_of, page["items"]))
        view.show(collector.steps())
        view.rest(state)
        if not page["items"]:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL):
                    await stop.wait()
    return state.status.is_terminal
