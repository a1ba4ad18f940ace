"""Logs and snapshots that older versions wrote are read for ever.

Each file in ``samples/`` is an execution's log with the snapshot that it folds to, frozen. A sample is never changed:
what today's program makes of it must stay what it was. When the events' data or the snapshot get a new format, samples
of it are added (``<what>-<format>.json``), and those of the old formats stay, with a ``snapshotNow`` beside the
``snapshot`` where the program now writes another one. What is only added (a type of event, a field that was not there)
makes no new format, and gets samples all the same. ``record.py`` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from weftline.machine.folding import apply, fold
from weftline.machine.state import SNAPSHOT_FORMAT, State
from weftline.model.event import EVENT_FORMAT, Event, EventType
from weftline.model.status import ExecutionStatus

SAMPLES = {path.stem: orjson.loads(path.read_bytes()) for path in (Path(__file__).parent / "samples").glob("*.json")}

samples = pytest.mark.parametrize("sample", [pytest.param(sample, id=name) for name, sample in sorted(SAMPLES.items())])


def events_of(sample: dict[str, Any]) -> list[Event]:
    return [
        Event(event["seq"], EventType(event["type"]), event["step"], event["data"], event["at"])
        for event in sample["events"]
    ]


@samples
def test_an_old_log_folds_to_the_snapshot_that_it_folded_to(sample: dict[str, Any]) -> None:
    state = fold(sample["input"], events_of(sample))
    assert state.to_json() == sample.get("snapshotNow", sample["snapshot"])


@samples
def test_an_old_snapshot_is_read(sample: dict[str, Any]) -> None:
    state = State.from_json(sample["input"], len(sample["events"]), sample["snapshot"])
    assert state.to_json() == sample.get("snapshotNow", sample["snapshot"])


@samples
def test_an_old_log_can_be_caught_up_with_from_a_snapshot_of_any_of_its_events(sample: dict[str, Any]) -> None:
    events = events_of(sample)
    for taken_at in range(len(events) + 1):
        snapshot = orjson.loads(orjson.dumps(fold(sample["input"], events[:taken_at]).to_json()))
        state = State.from_json(sample["input"], taken_at, snapshot)
        for event in events[taken_at:]:
            apply(state, event)
        assert state.to_json() == sample.get("snapshotNow", sample["snapshot"])


@pytest.mark.parametrize("type", EventType)
def test_there_is_a_sample_of_every_type_of_event_in_its_present_format(type: EventType) -> None:
    present = [sample for sample in SAMPLES.values() if sample["eventFormat"] == EVENT_FORMAT]
    assert any(event["type"] == type for sample in present for event in sample["events"]), f"add a sample with {type}"


def test_there_is_a_sample_of_every_format_of_snapshots() -> None:
    assert {sample["snapshot"]["format"] for sample in SAMPLES.values()} == set(range(1, SNAPSHOT_FORMAT + 1))


def test_there_is_a_sample_of_every_format_of_events() -> None:
    assert {sample["eventFormat"] for sample in SAMPLES.values()} == set(range(1, EVENT_FORMAT + 1))


def test_there_is_a_sample_of_every_field_of_a_snapshot() -> None:
    snapshots = [sample["snapshot"] for sample in SAMPLES.values()]
    steps = [
        step
        for snapshot in snapshots
        for step in (*snapshot["latest"].values(), *(step for _, step in snapshot.get("open", ())))
    ]
    assert fields(snapshots) == {
        *("format", "status", "data", "latest", "open", "visits", "undone", "done", "held", "signals"),
        *("output", "error", "lastOutput", "lastEvent", "lastError", "startedAt", "completedAt", "deadline"),
        *("lostLeases", "undo", "undoing", "offsets", "floor", "topVisit", "rewinds", "version", "migratedAt"),
        *("submittedBy", "calls", "report"),
    }
    assert fields(steps) == {
        *("status", "startedAt", "attempt", "interruptions", "branches", "output", "error", "input", "completedAt"),
        *("dueAt", "waiting", "event", "correlation", "received"),
        *("loop", "lingers", "deadline", "child", "job", "action", "origin", "call"),
    }
    assert fields(step["loop"] for step in steps if "loop" in step) == {
        *("begun", "active", "concurrency", "items", "as", "collect", "stop", "outputs", "errors"),
    }
    assert fields(entry for snapshot in snapshots for _, entry in snapshot.get("undo", ())) == {
        *("seq", "action", "queue", "input", "child", "error"),
    }
    assert fields(snapshot["undoing"] for snapshot in snapshots if "undoing" in snapshot) == {
        *("toSeq", "then", "error", "cause", "stuck", "state", "tokens", "left", "stepId", "data"),
    }


def fields(objects: Iterable[dict[str, Any]]) -> set[str]:
    return {field for each in objects for field in each}


def test_a_snapshot_of_a_newer_version_is_refused() -> None:
    snapshot = {**State({}).to_json(), "format": SNAPSHOT_FORMAT + 1}
    with pytest.raises(ValueError, match="upgrade this worker"):
        State.from_json({}, 0, snapshot)


def test_every_terminal_status_has_a_sample() -> None:
    found = {sample["snapshot"]["status"] for sample in SAMPLES.values()}
    assert {status.value for status in ExecutionStatus if status.is_terminal} <= found
