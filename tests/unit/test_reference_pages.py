"""Pages of the reference that are written by hand say everything there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weftline.model.event import EventType

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"

PATTERNS = 43
EVERYWHERE = {"inFlight", "call", "node"}
"""Fields of any step's events."""


def rows(page: str) -> Iterator[list[str]]:
    for line in (REFERENCE / page).read_text().splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def described_events() -> dict[str, str]:
    """What the page says of the data of each type."""
    found: dict[str, str] = {}
    last = ""
    for first, _, *rest in rows("events.md"):
        if re.fullmatch(r"`[A-Z_]+`", first):
            last = first.strip("`")
            found[last] = ""
        elif first:
            last = ""
        if last:
            found[last] += "".join(rest)
    return found


def test_every_type_of_event_is_described() -> None:
    assert sorted(described_events()) == sorted(EventType)


def test_every_field_of_a_recorded_event_is_described() -> None:
    described = described_events()
    missing: set[str] = set()
    for path in sorted((ROOT / "tests" / "histories" / "samples").glob("*.json")):
        sample: dict[str, Any] = json.loads(path.read_text())
        for event in sample["events"]:
            fields = set(event["data"] or ()) - EVERYWHERE
            missing |= {f"{event['type']}.{name}" for name in fields if f"`{name}`" not in described[event["type"]]}
    assert not missing


def test_every_pattern_is_described_and_has_its_example() -> None:
    told = [row for row in rows("patterns.md") if row[0].startswith("WCP-")]
    assert [row[0] for row in told] == [f"WCP-{number}" for number in range(1, PATTERNS + 1)]
    for number, name, asks, here, by in told:
        link = re.search(r"\]\((.+)\)", name)
        assert here in ("yes", "by composition", "no")
        assert asks.endswith(".")
        assert by
        assert (link is None) == (here == "no"), number
        assert link is None or (REFERENCE / link[1]).is_file()


def test_every_example_of_a_pattern_is_linked() -> None:
    page = (REFERENCE / "patterns.md").read_text()
    examples = ROOT / "examples" / "patterns"
    documents = {path.name: path.read_text() for path in examples.glob("*.json")}
    # one that is not linked is started by one that is
    linked = {name for name in documents if f"/{name})" in page}
    started = {name for name in documents for other in linked if f'"{Path(name).stem}"' in documents[other]}
    assert linked | started == set(documents)
