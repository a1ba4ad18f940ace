"""The table that people read, and the file that scripts read."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure

MARKS = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}
NUMBERS = {"value", "target", "peer's value", "times better"}

FILE_WIDTH = 130
"""Columns where the output is no terminal."""


def make_console() -> Console:
    """Where to print: as wide as the terminal, or wide enough for the table where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)


def write_json(figures: Sequence[Figure], file: Path) -> None:
    """Write the figures as a list of ``{name, value, unit, target, peer, peerValue}``."""
    file.write_text(json.dumps([figure.to_json() for figure in figures], indent=2) + "\n")


def show(console: Console, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    """Print the figures as a table, and what there is to say of them."""
    table = Table()
    for heading in ("figure", "value", "unit", "target", ""):
        table.add_column(heading, justify="right" if heading in NUMBERS else "left", no_wrap=True)
    has_peers = any(figure.peer for figure in figures)
    for heading in ("peer", "peer's value", "times better") if has_peers else ():
        table.add_column(heading, justify="right" if heading in NUMBERS else "left", no_wrap=True)
    for figure in figures:
        compared = (figure.peer, _number(figure.peer_value), _number(figure.ratio)) if has_peers else ()
        table.add_row(
            figure.name, _number(figure.value), figure.unit, _target(figure), MARKS[figure.is_reached], *compared
        )
    console.print(table)
    for note in notes:
        console.print(note, highlight=False)


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'≥' if figure.better == 'higher' else '≤'} {_number(figure.target)}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
