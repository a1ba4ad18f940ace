"""``weft signal``, ``cancel``, ``pause`` and ``resume``: messages to executions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.options import AsJson, ExecutionId
from weftline.cli.output import note, print_json
from weftline.model.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    from weftline.features.executions.steering import Acted
    from weftline.features.services import Services


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("signal")(signal)
    app.command("cancel")(cancel)
    app.command("pause")(pause)
    app.command("resume")(resume)


def signal(
    execution_id: ExecutionId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The signal's name, or a waiting step's event.")],
    payload: Annotated[str, typer.Option("--payload", metavar="JSON", help="JSON, @file, or - for stdin.")] = "null",
) -> None:
    """Send a signal: it resumes a step that waits for this name, or is kept for one that will."""
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.cli.values import read_value

    content = read_value(payload, "--payload")
    with_services(
        load_settings(),
        lambda services: services.steering.signal(DEFAULT_TENANT, execution_id, name, content),
    )
    typer.echo(f"{name} is sent.")


def cancel(
    execution_id: ExecutionId,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the log.")] = None,
    as_json: AsJson = False,
) -> None:
    """End an execution before its time."""
    _act(lambda services: services.steering.cancel(DEFAULT_TENANT, execution_id, reason), as_json)


def pause(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Let an execution begin nothing new until it is resumed."""
    _act(lambda services: services.steering.pause(DEFAULT_TENANT, execution_id), as_json)


def resume(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Let a paused execution go on."""
    _act(lambda services: services.steering.resume(DEFAULT_TENANT, execution_id), as_json)


def _act(act: Callable[[Services], Awaitable[Acted]], as_json: bool) -> None:
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.features.executions.schemas import ExecutionDetail

    acted = with_services(load_settings(), act)
    detail = ExecutionDetail.of(acted.snapshot)
    if as_json:
        print_json(detail.model_dump(mode="json", by_alias=True))
    else:
        typer.echo(f"{detail.id} is {detail.status.value}.")
    if not acted.is_effective:
        note("No worker has taken the message in yet; it takes effect when one does.")
