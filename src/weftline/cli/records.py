"""The records of executions: their logs, from the API or from a file that one was saved in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from weftline.cli.failures import INVALID, CommandFailed
from weftline.model.event import Event, EventType
from weftline.model.stepkey import ROOT, key_of

if TYPE_CHECKING:
    from weftline.cli import answers
    from weftline.cli.client import Api

EVENTS_AT_ONCE = 1_000


class Record(TypedDict):
    """An execution as a file holds it."""

    executionId: str
    workflowId: str
    versionNumber: int
    status: str
    input: dict[str, Any]
    definition: dict[str, Any]
    events: list[answers.Event]


def event_of(said: answers.Event) -> Event:
    """A fact as the log holds it."""
    node = said["stepId"]
    key = None if node is None else key_of(node, said.get("scope", ROOT), said.get("visit", 1))
    at = datetime.fromisoformat(said["occurredAt"]).timestamp()
    return Event(said["seq"], EventType(said["type"]), key, said["data"], at)


async def fetch_events(api: Api, execution_id: object, after: int = 0) -> list[answers.Event]:
    """An execution's whole log, from the event that follows number ``after``."""
    found: list[answers.Event] = []
    last: int | None = after
    while last is not None:
        page = await api.get("executions", execution_id, "events", query={"after": last, "limit": EVENTS_AT_ONCE})
        found += page["items"]
        last = page["nextCursor"]
    return found


async def fetch_record(api: Api, execution_id: object) -> Record:
    """The record of an execution.

    Raises:
        Refused: there is none, or it may not be read.
    """
    detail: answers.ExecutionDetail = await api.get("executions", execution_id)
    version = {"version": detail["versionNumber"]}
    workflow: dict[str, Any] = await api.get("workflows", detail["workflowId"], query=version)
    return {
        "executionId": detail["id"],
        "workflowId": detail["workflowId"],
        "versionNumber": detail["versionNumber"],
        "status": detail["status"],
        "input": detail["input"],
        "definition": workflow["definition"],
        "events": await fetch_events(api, execution_id),
    }


async def fetch_last(api: Api, workflow: str, count: int) -> list[Record]:
    """The records of a workflow's last executions, the newest first."""
    found: list[answers.Execution] = await api.items("executions", query={"workflowId": workflow}, limit=count)
    return [await fetch_record(api, each["id"]) for each in found]


def read_record(path: Path) -> Record:
    """The record that a file holds.

    Raises:
        CommandFailed: it cannot be read, or holds none.
    """
    import json

    try:
        document: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}", exit_code=INVALID) from None
    except (ValueError, RecursionError) as error:
        raise CommandFailed(f"{path}: it is not JSON: {error}", exit_code=INVALID) from None
    missing = [name for name in Record.__annotations__ if not isinstance(document, dict) or name not in document]
    if missing:
        problem = f"{path}: it is no record of an execution; `{missing[0]}` is missing"
        raise CommandFailed(problem, ["'weft replay ID --save FILE' writes one"], exit_code=INVALID)
    return cast("Record", document)


def write_record(path: Path, record: Record) -> None:
    """Save a record.

    Raises:
        CommandFailed: the file cannot be written.
    """
    import orjson

    try:
        path.write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}", exit_code=INVALID) from None


def events_of(record: Record) -> Sequence[Event]:
    """A record's log.

    Raises:
        CommandFailed: it holds something else than events.
    """
    try:
        return [event_of(said) for said in record["events"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"the record of {record['executionId']} holds something else than events: {error}"
        raise CommandFailed(problem, exit_code=INVALID) from None
