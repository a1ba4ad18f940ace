"""``weft stats``: how much runs, how it ends and how long it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from weftline.cli.options import AsJson
from weftline.cli.output import local_time, print_json, print_table, printable, span

if TYPE_CHECKING:
    from weftline.cli.answers import Figures, FiguresGroup, Statistics

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

FIGURES = ["STARTED", "COMPLETED", "FAILED", "TIMED OUT", "CANCELLED", "SUCCESS", "MEDIAN", "P95", "LONGEST"]


class By(StrEnum):
    """What figures can be told apart by."""

    WORKFLOW = "workflow"
    VERSION = "version"
    STEP = "step"
    DAY = "day"
    HOUR = "hour"


HEADINGS = {
    By.WORKFLOW: ("WORKFLOW", "workflowId"),
    By.VERSION: ("VERSION", "versionNumber"),
    By.STEP: ("STEP", "stepId"),
    By.DAY: ("FROM", "periodStart"),
    By.HOUR: ("FROM", "periodStart"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stats")(stats)


def stats(
    workflow: Annotated[str | None, typer.Option("--workflow", "-w", help="Only this workflow's.")] = None,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Only this version's.")] = None,
    step: Annotated[str | None, typer.Option("--step", help="A node's id: of this step, not of executions.")] = None,
    by: Annotated[list[By], typer.Option("--by", "-b", help="Tell apart by this; may be repeated.")] = [],  # noqa: B006
    since: Annotated[
        datetime | None, typer.Option("--from", formats=MOMENTS, help="From then on; else for 30 days, or 7 by hour.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=MOMENTS, help="Before then; else until now.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Where days begin, such as Europe/Berlin; else UTC."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Show at most so many groups.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Tell how many executions ran, how they ended and how long they took."""
    from weftline.cli.connection import call

    wanted = {
        "workflowId": workflow,
        "version": version,
        "stepId": step,
        "groupBy": [each.value for each in by],
        "from": _moment(since, timezone),
        "to": _moment(until, timezone),
        "timezone": timezone,
        "limit": limit,
    }
    found: Statistics = call(lambda api: api.get("statistics", query=wanted))
    if as_json:
        print_json(found)
        return
    typer.echo(f"{local_time(found['from'])} to {local_time(found['to'])}; {found['running']} running now")
    columns = [HEADINGS[each] for each in dict.fromkeys(by)]
    rows = [(*(_cell(group, name) for _, name in columns), *_figures(group)) for group in found["items"]]
    if step is None and By.STEP not in by:
        rows.append((*("" if place else "all" for place in range(len(columns))), *_figures(found["total"])))
    print_table([*(heading for heading, _ in columns), *FIGURES], rows)
    if found["hasMore"]:
        typer.echo("There are more; see --limit.")


def _moment(given: datetime | None, timezone: str | None) -> str | None:
    """A time of a time zone, as the API reads it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if given is None:
        return None
    try:
        zone = UTC if timezone is None else ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise typer.BadParameter(f"there is no time zone '{timezone}'", param_hint="--timezone") from None
    return given.replace(tzinfo=zone).isoformat()


def _cell(group: FiguresGroup, name: str) -> str:
    value = cast("dict[str, Any]", group)[name]
    return local_time(value) if name == "periodStart" else printable(str(value))


def _figures(figures: Figures | FiguresGroup) -> tuple[object, ...]:
    rate = figures["successRate"]
    return (
        figures["started"],
        figures["completed"],
        figures["failed"],
        figures["timedOut"],
        figures["cancelled"],
        "" if rate is None else f"{rate:.1%}",
        *(_duration(figures[name]) for name in ("p50Ms", "p95Ms", "maxMs")),
    )


def _duration(milliseconds: float | None) -> str:
    return "" if milliseconds is None else span(milliseconds / 1_000)
