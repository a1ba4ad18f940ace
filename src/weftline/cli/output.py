"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from weftline.cli.failures import CommandFailed

if TYPE_CHECKING:
    from rich.console import Console


_UNLIMITED = 100_000
"""Width of a line that goes to a program."""


def print_json(value: Any) -> None:
    """Print a value as JSON, for people and scripts alike."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
    sys.stdout.write(text.decode())


def note(message: str) -> None:
    """Print a remark on standard error."""
    print(message, file=sys.stderr)


def report(failure: CommandFailed) -> None:
    """Print a failure on standard error."""
    console = error_console()
    console.print("error:", style="bold red", end=" ")
    console.print(printable(failure.message), markup=False, highlight=False, soft_wrap=True)
    for line in failure.details:
        console.print(f"  {printable(line)}", markup=False, highlight=False, soft_wrap=True)


def error_console() -> Console:
    """A console on standard error."""
    from rich.console import Console

    return Console(stderr=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else _UNLIMITED)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else printable(str(cell)) for cell in row))
    console.print(table, markup=False, highlight=False)


def printable(text: str) -> str:
    """A text that others wrote, without what would make the terminal do more than show it."""
    return "".join(mark if mark.isprintable() or mark == "\n" else "\ufffd" for mark in text)


def local_time(moment: datetime | str | None) -> str:
    """A moment, perhaps in RFC 3339, in the terminal's time zone."""
    if moment is None:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float) -> str:
    """A duration as people write it: ``340 ms``, ``4.2 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"
