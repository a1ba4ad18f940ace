"""The audit log as a file: CSV for spreadsheets, newline-delimited JSON for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from weftline.features.audit.schemas import EntryOut


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8; header=present", ExportFormat.NDJSON: "application/x-ndjson"}

COLUMNS = (
    "seq",
    "occurredAt",
    "actorType",
    "actorId",
    "actorName",
    "action",
    "resourceType",
    "resourceId",
    "before",
    "after",
    "reason",
    "address",
    "userAgent",
    "requestId",
    "hash",
)

_DOCUMENTS = ("before", "after")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def header(format: ExportFormat) -> bytes:
    """What comes before the first entry."""
    return _csv([COLUMNS]) if format is ExportFormat.CSV else b""


def encode(format: ExportFormat, entries: Sequence[EntryOut]) -> bytes:
    """Entries, a line each."""
    rows = [entry.model_dump(mode="json", by_alias=True) for entry in entries]
    if format is ExportFormat.NDJSON:
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return _csv([[_cell(name, row[name]) for name in COLUMNS] for row in rows])


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    text = orjson.dumps(value).decode() if column in _DOCUMENTS else str(value)
    # a spreadsheet would run it as a formula; as a rule, it shows what follows an apostrophe as it is
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
