"""The table that people read, and the file that scripts read."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure

MARKS = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}


def write_json(figures: Sequence[Figure], file: Path) -> None:
    """Write the figures as a list of ``{name, value, unit, target, peer, peerValue}``."""
    file.write_text(json.dumps([figure.to_json() for figure in figures], indent=2) + "\n")


def show(console: Console, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    """Print the figures as a table, and what there is to say of them."""
    table = Table()
    for heading in ("figure", "value", "unit", "target", "", "peer", "peer's value", "times better"):
        table.add_column(heading, justify="right" if heading in RIGHT else "left")
    for figure in figures:
        sign = "≥" if figure.better == "higher" else "≤"
        table.add_row(
            figure.name,
            _number(figure.value),
            figure.unit,
            f"{sign} {_number(figure.target)}" if figure.target is not None else "",
            MARKS[figure.is_reached],
            figure.peer,
            _number(figure.peer_value),
            _number(figure.ratio),
        )
    console.print(table)
    for note in notes:
        console.print(note, highlight=False)


RIGHT = {"value", "target", "peer's value", "times better"}


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
