"""``weft run``: one execution from a file, with a worker in this process, watched to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import FAILED, INTERRUPTED
from weftline.cli.options import Actions, AsJson, DefinitionFile, Input
from weftline.cli.output import note, print_json
from weftline.model.ids import DEFAULT_TENANT
from weftline.model.status import ExecutionStatus

if TYPE_CHECKING:
    from uuid import UUID

    from weftline.authoring import ActionRegistry
    from weftline.cli.progress import StepView
    from weftline.features.executions.schemas import ExecutionDetail
    from weftline.features.services import Services
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
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the worker's and the actions' log.")] = False,
) -> None:
    """Publish a definition, run it once, and show every step. The output is printed as JSON.

    Exits with 0 where the execution completed, 1 where it did not, 2 where definition or input are not valid.
    """
    from weftline import bootstrap
    from weftline.cli import loop, session
    from weftline.cli.definitions import require_valid
    from weftline.cli.values import read_definition, read_object

    document = read_definition(file)
    given = read_object(input, "--input")
    settings = session.load_settings(actions)
    bootstrap.configure_logging(settings if verbose else settings.model_copy(update={"log_level": "warning"}))
    registry = session.load_registry(settings)
    require_valid(document, registry.names())
    with session.database(settings) as url:
        detail = loop.run(_run(settings, url, registry, document, given, show_steps=not as_json))
    if detail is None:
        raise typer.Exit(INTERRUPTED)
    if as_json:
        print_json(detail.model_dump(mode="json", by_alias=True))
    elif detail.status is ExecutionStatus.COMPLETED:
        print_json(detail.output)
    else:
        reason = "" if detail.error is None else f": {detail.error['message']}"
        note(f"The execution is {detail.status.value}{reason}")
    if detail.status is not ExecutionStatus.COMPLETED:
        raise typer.Exit(FAILED)


async def _run(
    settings: Settings,
    url: str,
    registry: ActionRegistry,
    document: dict[str, Any],
    input: dict[str, Any],
    *,
    show_steps: bool,
) -> ExecutionDetail | None:
    """The execution once it has ended; None where it was left to go on later."""
    from weftline import bootstrap
    from weftline.cli.definitions import publish_document
    from weftline.cli.loop import stop_signal
    from weftline.cli.progress import Progress, Silent
    from weftline.features.executions.demand import StartDemand
    from weftline.features.executions.schemas import ExecutionDetail
    from weftline.features.services import open_services

    stop = stop_signal()
    async with open_services(url, registry.names()) as services:
        workflow = await publish_document(services.workflows, document)
        started = await services.starter.start(DEFAULT_TENANT, workflow.template.id, StartDemand(input))
        with Progress(started.id, document) if show_steps else Silent() as view:
            async with bootstrap.running_worker(settings, url, registry):
                ended = await _follow(services, started.id, input, view, stop)
        if not ended:
            note(f"\nExecution {started.id} is left as it is; it goes on with 'weft up' or 'weft worker'.")
            return None
        return ExecutionDetail.of(await services.reader.get(DEFAULT_TENANT, started.id))


async def _follow(
    services: Services, execution_id: UUID, input: dict[str, Any], view: StepView, stop: asyncio.Event
) -> bool:
    """Show what happens until the execution ends; False where ``stop`` came first."""
    from weftline.features.executions.steps import StepCollector
    from weftline.machine.state import State

    state = State(input)
    collector = StepCollector(state)
    while not state.status.is_terminal and not stop.is_set():
        news = await services.reader.events(DEFAULT_TENANT, execution_id, after=state.seq, limit=1_000)
        collector.apply(news)
        view.show(collector.steps())
        if not news:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL):
                    await stop.wait()
    return state.status.is_terminal
